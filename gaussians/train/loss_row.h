#pragma once

#include "gaussians/train/window.h"

#include <cstdint>
#include <span>

namespace longtake::gaussians {

// Sums over a row.
template <typename Scalar> struct RowErrors {
    Scalar l1 = 0, mse = 0, ssim = 0;
};

// A row of one channel compared with its truth, in plain memory: kernels call no function of a
// library. `scratch` is of 3 (W + kTaps - 1) zeros, of which the kernel keeps the edges.
template <typename Scalar> struct CompareRow {
    int64_t width;
    WindowRows<Scalar> picture, truth;
    const Scalar *mean, *variance;             // of the truth under the window, [W]
    Scalar by_ssim;                            // gradient of the loss by a pixel's SSIM
    Scalar *by_mean, *by_square, *by_product;  // out: by K x, K x^2 and K x y, [W]
    Scalar* scratch;
};

template <typename Scalar> struct GradientRow {
    int64_t width;
    WindowRows<Scalar> by_mean, by_square, by_product;
    const Scalar *picture, *truth;  // [W]
    Scalar by_l1;                   // gradient of the loss by a difference's magnitude
    Scalar* by_picture;             // out: [W]
    Scalar* scratch;
};

// For one instruction set.
template <typename Scalar> struct LossKernel {
    RowErrors<Scalar> (*compare)(const CompareRow<Scalar>& row);
    void (*gradient)(const GradientRow<Scalar>& row);
};

// Those that the machine can run, the fastest first.
template <typename Scalar> std::span<const LossKernel<Scalar>* const> loss_kernels();

}  // namespace longtake::gaussians
