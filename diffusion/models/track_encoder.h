#pragma once

#include "core/tensor.h"
#include "diffusion/weights/weight_map.h"

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace longtake::diffusion {

// A point that can be seen in a frame: its place as a part of the picture, 0 to 1 (from_edges).
struct TrackedPoint {
    int32_t id;
    float x, y;
};

// What a transformer is told of motion: channels beside the latents (MotionStream, arXiv
// 2511.01266; WanTrack in FastVideo). Every point of a frame adds the sinusoids of its id to the
// latent cell it is in; four frames become one by a causal convolution in time, and a mixing of
// channels. Both are linear and cells without points stay as they are, so that only points cost
// anything. Immutable.
//
// In a transformer's checkpoint it is one of
//   track_encoder.temporal.weight [C, ids, 4, 1, 1], track_encoder.mix.weight [C, C, 1, 1, 1]:
//       ours; cells share a point by how near they are, and ids that follow each other are far
//       apart; with track_encoder.speed.weight [C, 2, 4, 1, 1], points also add how fast they move,
//       in cells a latent frame, from the first to the last of its four frames that shows them
//   track_encoder.temporal_conv and .proj, weight and bias: WanTrack's; a point is in the nearest
//       cell, and ids are as they are
class TrackEncoder {
  public:
    explicit TrackEncoder(const WeightMap& weights);
    static bool is_in(const WeightMap& weights);

    int64_t channels() const { return channels_; }
    // Whether places 0 and 1 are the picture's edges, and not the middles of its outermost cells.
    bool from_edges() const { return layout_ == Layout::WanTrack; }
    // Points frame by frame -> map [F, C, h, w] fp32 on the CPU, written. Frames are those that the
    // latents decode to: 4 F, or 4 F - 3 where the first latent is the take's first.
    void encode(std::span<const std::vector<TrackedPoint>> frames, Tensor& map) const;

  private:
    static constexpr int64_t kTaps = 4;
    enum class Layout : uint8_t { Ours, WanTrack };
    // Where between two cells of `count` a place is.
    struct Between {
        int64_t cell;
        float part;  // of the one after it
    };
    Between between(float place, int64_t count) const;
    Tensor mixed(const WeightMap& weights, const char* temporal, const char* mix) const;
    // Speeds of the points of one latent's frames, by id: cells a latent frame, x and y.
    using Speeds = std::map<int32_t, std::array<float, 2>>;
    static Speeds speeds(std::span<const std::vector<TrackedPoint>> frames, int64_t h, int64_t w);
    std::vector<float> embedded(int32_t id) const;  // [taps, C]

    Layout layout_;
    int64_t channels_, id_dim_;
    std::vector<float> bias_;  // [C], of every cell; ours has none
    Tensor taps_, speed_;      // [4, C, ids] and, where there is one, [4, C, 2], mixed already
};

}  // namespace longtake::diffusion
