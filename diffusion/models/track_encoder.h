#pragma once

#include "core/tensor.h"
#include "diffusion/weights/weight_map.h"

#include <cstdint>
#include <span>
#include <vector>

namespace longtake::diffusion {

// A point that can be seen in a frame: its place as a part of the picture, 0 to 1.
struct TrackedPoint {
    int32_t id;
    float x, y;
};

// What a transformer is told of motion: channels beside the latents (MotionStream, arXiv
// 2511.01266; WanTrack in FastVideo). Every point of a frame adds the sinusoids of its id to the
// latent cell it is in, shared with its neighbours by how near they are; four frames become one by
// a causal convolution in time, and a mixing of channels. Both are linear and cells without points
// stay zero, so that only points cost anything. Immutable.
class TrackEncoder {
  public:
    // Of a transformer's checkpoint: track_encoder.temporal.weight [C, ids, 4, 1, 1] and
    // track_encoder.mix.weight [C, C, 1, 1, 1].
    explicit TrackEncoder(const WeightMap& weights);
    static bool is_in(const WeightMap& weights);

    int64_t channels() const { return channels_; }
    // Points frame by frame -> map [F, C, h, w] fp32 on the CPU, written. Frames are those that the
    // latents decode to: 4 F, or 4 F - 3 where the first latent is the take's first.
    void encode(std::span<const std::vector<TrackedPoint>> frames, Tensor& map) const;

  private:
    static constexpr int64_t kTaps = 4;
    std::vector<float> embedded(int32_t id) const;  // [taps, C]

    int64_t channels_, id_dim_;
    Tensor taps_;  // [4, C, ids], mixed already
};

}  // namespace longtake::diffusion
