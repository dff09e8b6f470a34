#pragma once

#include "core/tensor.h"

#include <span>
#include <vector>

namespace longtake::diffusion {

constexpr double kRopeTheta = 10000.0;
constexpr int64_t kMaxHeadDim = 256;  // on the CPU

// How Wan splits the head_dim / 2 complex pairs of a head (pair k is elements 2k and 2k + 1):
// first the pairs turned by time, then by height, then by width.
struct RopeAxes {
    int64_t time, height, width;  // pairs

    explicit RopeAxes(int64_t head_dim)
        : time(head_dim / 2 - 2 * (head_dim / 6)), height(head_dim / 6), width(head_dim / 6) {}
    int64_t pairs() const { return time + height + width; }
};

// cos and sin of `position * theta^(-i / pairs)` for i < pairs, computed in double: there is no
// table and so no last position.
void rope_angles(double position, int64_t pairs, double theta, float* cosines, float* sines);
// The same for the time pairs of a head, as a HeadTurn; the other pairs stay.
void time_turn(double position, int64_t head_dim, double theta, float* cosines, float* sines);

// The rotation of every token of a chunk: one angle row per frame, per token row and per token
// column. Space never changes; time is set anew for each pass.
class RopeTable {
  public:
    RopeTable(int64_t head_dim, int64_t height, int64_t width, double theta = kRopeTheta,
              Device device = Device::Cpu);
    // One position per frame; on the GPU the table changes when `stream` gets there.
    void set_time(std::span<const double> positions, GpuStream stream = nullptr);
    Device device() const { return device_; }

    int64_t tokens_per_frame() const { return height_ * width_; }
    // The turn of token `t`, as a HeadTurn: [head_dim] each. Time pairs stay without `with_time`.
    void token(int64_t t, bool with_time, float* cosines, float* sines) const;
    const RopeAxes& axes() const { return axes_; }

    // The angles of each axis, [positions, pairs, 2]: cos and sin. With Device::Cuda only.
    struct OnDevice {
        Tensor time, rows, columns;
    };
    const OnDevice& on_device() const { return on_device_; }
    int64_t width() const { return width_; }

  private:
    struct Angles {
        std::vector<float> cosines, sines;  // [positions, 2 pairs], as in a HeadTurn
        void resize(size_t count) { cosines.resize(count), sines.resize(count); }
    };
    RopeAxes axes_;
    int64_t height_, width_;
    double theta_;
    Device device_;
    Angles time_, rows_, columns_;  // of the CPU
    OnDevice on_device_;
};

// Turns keys that are rotated in space only to their time positions; exact for any position.
//   keys, out [groups, rows, head_dim]; they may be the same tensor
//   positions [P]: rows / P consecutive rows of every group stand at each
void rope_time(const Tensor& keys, std::span<const double> positions, Tensor& out,
               double theta = kRopeTheta, GpuStream stream = nullptr);

void rope_time_cpu(const Tensor& keys, std::span<const double> positions, Tensor& out,
                   double theta);
void rope_time_cuda(const Tensor& keys, std::span<const double> positions, Tensor& out,
                    double theta, GpuStream stream);
// table [positions, pairs, 2]: `rope_angles` on the device.
void rope_angles_cuda(std::span<const double> positions, double theta, Tensor& table,
                      GpuStream stream);

}  // namespace longtake::diffusion
