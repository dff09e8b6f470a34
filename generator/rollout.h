#pragma once

#include "core/tensor.h"
#include "diffusion/flow_match.h"
#include "diffusion/models/causal_transformer.h"
#include "generator/cache/cache_memory.h"
#include "generator/noise_source.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace longtake::generator {

// Asked between passes; true ends the work early.
using Stop = std::function<bool()>;

// The passes of a chunk: from noise to clean latents in a few steps, then once more at timestep 0,
// so that the cache remembers the chunk as it is. Holds the buffers this takes and nothing of the
// take itself.
class Rollout {
  public:
    // `timesteps` falling, as a schedule warps them.
    Rollout(std::shared_ptr<const diffusion::CausalTransformer> transformer,
            const diffusion::FlowMatchSchedule& schedule, std::vector<double> timesteps);

    // A chunk's place in the take; `first_frame` counts latent frames since its start.
    struct Place {
        int64_t chunk = 0;
        int64_t first_frame = 0;
    };

    // clean [F, C, h, w] fp32, written. `memory` has begun the chunk. False when `stop` ended it.
    bool denoise(const Place& place, const NoiseSource& noise, const diffusion::TextContext& text,
                 CacheMemory& memory, Tensor& clean, const Stop& stop);
    void remember(const Tensor& clean, const diffusion::TextContext& text, CacheMemory& memory);

    int passes() const { return static_cast<int>(timesteps_.size()); }

  private:
    void fit(const Shape& shape);

    std::shared_ptr<const diffusion::CausalTransformer> transformer_;
    diffusion::FlowMatchSchedule schedule_;
    std::vector<double> timesteps_;
    diffusion::TransformerWorkspace workspace_;
    std::vector<double> frame_timesteps_;
    Tensor noisy_, noise_, flow_;
};

}  // namespace longtake::generator
