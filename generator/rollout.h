#pragma once

#include "core/tensor.h"
#include "diffusion/flow_match.h"
#include "diffusion/models/causal_transformer.h"
#include "generator/cache/cache_memory.h"
#include "generator/noise_source.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace longtake::generator {

// Asked between passes; true ends the work early.
using Stop = std::function<bool()>;

// The passes of a chunk: from noise to clean latents in a few steps, then once more at timestep 0,
// so that the cache remembers the chunk as it is. Holds the buffers this takes and nothing of the
// take itself. On a GPU both are queued on `stream`, which the memory must work on, too.
class Rollout {
  public:
    // `timesteps` falling, as a schedule warps them. `workspace`: shared with other roll-outs of
    // the same transformer, whose passes may then be made together with this one's; none: its own.
    Rollout(std::shared_ptr<const diffusion::CausalTransformer> transformer,
            const diffusion::FlowMatchSchedule& schedule, std::vector<double> timesteps,
            std::shared_ptr<diffusion::TransformerWorkspace> workspace = {});

    // What the passes from now on see beside the latents: [F, C, h, w] fp32 on the CPU, for the
    // transformer's last channels; empty: zeros. Waits for the passes before.
    void condition(const Tensor& channels);

    // A chunk's place in the take; `first_frame` counts latent frames since its start.
    struct Place {
        int64_t chunk = 0;
        int64_t first_frame = 0;
        bool operator==(const Place&) const = default;
    };

    // A chunk to make: clean [F, C, h, w] fp32, of the transformer's device. `memory` has begun it.
    struct Job {
        Rollout& rollout;
        Place place;
        const NoiseSource& noise;
        const diffusion::TextContext& text;
        CacheMemory& memory;
        Tensor clean;
    };
    // Writes `clean` of every job. All are of one size, and their roll-outs share a workspace and
    // timesteps. False when `stop` ended it. Waits for the chunks before.
    static bool denoise(std::span<const Job> jobs, const Stop& stop = {});
    // Reads it.
    static void remember(std::span<const Job> jobs);
    // Draws the first noise of the chunk at `place`, as large as the last one, while the GPU is
    // busy with other work. Noise that cannot be had is left to `denoise` to complain of.
    void prepare(const Place& place, const NoiseSource& noise);

    int passes() const { return static_cast<int>(timesteps_.size()); }
    GpuStream stream() const { return workspace_->stream(); }  // null on the CPU
    void synchronize() const { workspace_->synchronize(); }

  private:
    // One pass of all jobs, at a timestep.
    enum class Into : uint8_t { Flow, Memory };
    static void pass(std::span<const Job> jobs, double timestep, Into into);
    void guess(const Job& job, size_t i);
    void fit(const Shape& shape);
    const Tensor& input(const Tensor& latents);
    void draw(const Place& place, const NoiseSource& source, size_t step, Tensor& noise);

    std::shared_ptr<const diffusion::CausalTransformer> transformer_;
    diffusion::FlowMatchSchedule schedule_;
    std::vector<double> timesteps_;
    std::shared_ptr<diffusion::TransformerWorkspace> workspace_;
    Tensor noisy_, noise_, flow_;
    Tensor input_;  // [F, in_channels, h, w]: latents and what is beside them; empty without
    bool conditioned_ = false;
    Tensor guess_;                   // what the first pass made of the chunk
    std::vector<Tensor> drawn_;      // of the CPU, on its way to the GPU: the noise of each step
    std::optional<Place> prepared_;  // what the first of them is already of
    const NoiseSource* prepared_from_ = nullptr;  // only compared
};

}  // namespace longtake::generator
