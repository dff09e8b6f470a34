#pragma once

#include "core/cuda.h"
#include "diffusion/ops/conv2d.h"

#include <memory>

// What the GPU's two ways to convolve share.
namespace longtake::diffusion {

// A convolution and one size of it.
struct ConvProblem {
    ConvOptions options;  // its gain is on the GPU
    DType compute;
    Shape kernel;         // [out, in, kt, kh, kw]
    Tensor weight, bias;  // [out, kt kh kw, in] of `compute`, [out] fp32
    Shape x, results;     // [T, H, W, in], [T', H', W', out]
};

// Addresses of one run; x is a ring.
struct ConvArguments {
    const Tensor& ring;
    int64_t first;
    const Tensor* residual;
    Tensor& y;
    GpuStream stream;
};

// Any shape, without the norm.
void conv2d_cuda_plain(const ConvProblem& problem, const ConvArguments& arguments);

// bf16 by Hopper's tensor cores, the norm included.
class ConvHopper {
  public:
    // Null where the GPU or the shape does not suit.
    static std::unique_ptr<const ConvHopper> plan(const ConvProblem& problem);
    void run(const ConvProblem& problem, const ConvArguments& arguments) const;
    // Whether one block has all channels of a pixel.
    bool norms() const { return norms_; }

  private:
    size_t variant_ = 0;
    int processors_ = 0;
    bool norms_ = false;
};

}  // namespace longtake::diffusion
