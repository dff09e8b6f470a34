#pragma once

#include "core/tensor.h"
#include "gaussians/train/adam_update.h"

#include <cstdint>
#include <span>
#include <vector>

namespace longtake::gaussians {

// What is learnt at one rate: fp32, both of one shape and on one device.
struct AdamColumn {
    Tensor values, gradient;
    double rate;
};

// Adam (Kingma & Ba 2015) with bias correction. Every row moves in every step, seen or not. Epsilon
// is as tiny as 3DGS has it, for gradients by a mean over pixels are tiny too.
class Adam {
  public:
    explicit Adam(GpuStream stream = nullptr) : stream_(stream) {}

    // Always the same columns. Throws Error when their shapes or devices are not those of the
    // moments.
    void step(std::span<const AdamColumn> columns);
    // step() in parts: the second of them may be done again in a recording.
    void count_step() { ++steps_; }
    void move(std::span<const AdamColumn> columns);

    // Row i of the first `columns` columns becomes what row sources[i] was, or starts anew where
    // that is -1. `sources` [M] int32, on the columns' device.
    void gather(const Tensor& sources, std::size_t columns);

  private:
    struct Moments {
        Tensor first, second;
    };

    GpuStream stream_;
    int64_t steps_ = 0;
    std::vector<Moments> moments_;  // of the gradient, by column
};

// A column in plain memory; the pointers are aligned to 16 bytes.
struct AdamBlock {
    float *value, *first, *second;
    const float* gradient;
    int64_t count;
    AdamRate rate;
};

constexpr std::size_t kMostColumns = 20;  // that a step on the GPU moves
void adam_step_cpu(std::span<const AdamBlock> columns);
void adam_step_cuda(std::span<const AdamBlock> columns, GpuStream stream);

}  // namespace longtake::gaussians
