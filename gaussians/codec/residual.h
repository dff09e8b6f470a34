#pragma once

#include "core/arena.h"
#include "core/tensor.h"
#include "gaussians/codec/fixed_cloud.h"

#include <cstdint>
#include <vector>

namespace longtake::gaussians {

// What a split takes off the log scales: ln 1.6 (Kerbl et al. 2023), in multiples of kFixedStep.
constexpr int32_t kSplitShrinks = 492835;

// How one column changes: by latents matrix + shift.
struct ResidualColumn {
    Tensor latents;  // [M, L] int32
    FixedDecoder decoder;
};

// What one frame changes (QUEEN, Girish et al. 2024): first which Gaussians there are, then the
// columns of those M. The rows after are those of before that are not removed, in their order, then
// copies of `clones`, then copies of `splits`, which are smaller by kSplitShrinks.
struct Residual {
    std::vector<int32_t> removed;         // rows of before, ascending, each once
    std::vector<int32_t> clones, splits;  // rows of before, removed ones among them or not
    Tensor means;                         // [M, 3] int32 multiples of mean_step, most of them 0
    ResidualColumn log_scales, rotations, opacities, sh_dc;
    Tensor rest;                // [M, L] int32 differences of the latents
    FixedDecoder rest_decoder;  // in place of the one before

    int64_t count() const { return means.extent(0); }
    Residual to(Device device) const;
    bool keeps_rows() const { return removed.empty() && clones.empty() && splits.empty(); }
    // For each row after, the row of before that it is made of: [M] int32 on a device, or nothing
    // where rows stay what they are. Memory as of advance().
    Tensor sources(int64_t count_before, Device device, GpuStream stream = nullptr,
                   Arena* arena = nullptr) const;
    // Throws Error saying what does not fit: rows out of range or order, tensors of other sizes.
    void check_fits(const FixedCloud& before) const;
};

// The cloud after, on the device that both are on: the same bits on every one. In memory of its own
// or, where one is given, of an arena.
FixedCloud advance(const FixedCloud& before, const Residual& residual, GpuStream stream = nullptr,
                   Arena* arena = nullptr);

}  // namespace longtake::gaussians
