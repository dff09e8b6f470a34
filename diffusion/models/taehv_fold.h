#pragma once

#include "core/tensor.h"

// TAEHV's linear layers in a row, folded into one kernel each when the weights are read. All
// tensors are fp32, sums double.
namespace longtake::diffusion {

// [out, 2 n, 3, 3] over the channels of (x, past) -> [out, n, 2, 3, 3] over the frames (past, x).
Tensor over_two_frames(const Tensor& kernel);

// The kernel of pixel (2 y + a, 2 x + b) of conv3x3(nearest x2(pointwise(x))). Tap r of the 3 rows
// falls on the small frame's row y - 1 + a + k with k = (a + r + 1) / 2 - a, and so for columns.
//   pointwise [g in, in], conv [out, in, 3, 3] -> [g out, in, 2, 2]
Tensor corner_kernel(const Tensor& pointwise, const Tensor& conv, int a, int b);

// The kernel, for stride 2, that makes every 2x2 square of conv3x3's result at once: channel
// (2 a + b) out + c is channel c of the square's pixel (a, b). It pays where `out` is small.
//   conv [out, in, 3, 3] -> [4 out, in, 4, 4]
Tensor square_kernel(const Tensor& conv);

// The kernel of conv3x3(pointwise(frames)), the frames' channels side by side, oldest first.
//   pointwise [in, frames in, 1, 1], conv [out, in, 3, 3] -> [out, in, frames, 3, 3]
Tensor down_kernel(const Tensor& pointwise, const Tensor& conv);

}  // namespace longtake::diffusion
