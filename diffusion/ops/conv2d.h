#pragma once

#include "core/tensor.h"
#include "diffusion/ops/workspace.h"

#include <array>
#include <cstdint>
#include <memory>

namespace longtake::diffusion {

struct ConvPadding {
    int64_t top = 1, left = 1, bottom = 1, right = 1;
};

struct ConvOptions {
    int64_t stride = 1;        // of height and width
    int64_t time_stride = 1;   // of frames
    ConvPadding padding = {};  // with zeros; time is never padded
    bool residual = false;     // y += residual
    bool relu = false;         // comes last
    bool fp32_result = false;
};

// A convolution of the frames of a video, channels innermost: x [T, H, W, in], y [T', H', W', out].
// Immutable: sessions share it. A session prepares a Plan per size and runs that.
class Conv2d {
  public:
    Conv2d() = default;
    // weight [out, in, kh, kw], or [out, in, kt, kh, kw] to reach over kt frames; bias [out] or
    // empty; any float type. `compute` (F32 or BF16) is the type of x, residual, y and the packed
    // weights; sums are fp32.
    Conv2d(const Tensor& weight, const Tensor& bias, const ConvOptions& options, DType compute,
           Device device = Device::Cpu);

    // What one size needs to run. Belongs to one session; the Conv2d must outlive it.
    class Plan;
    std::unique_ptr<Plan> plan(int64_t frames, int64_t height, int64_t width) const;

    // The shape of y for x [frames, height, width, in].
    Shape output(int64_t frames, int64_t height, int64_t width) const;
    int64_t in() const { return kernel_[1]; }
    int64_t out() const { return kernel_[0]; }
    DType compute() const { return compute_; }
    // Of one run; multiply-adds count twice.
    double flops(int64_t frames, int64_t height, int64_t width) const;

    class Backend;

  private:
    Shape kernel_{0, 0, 0, 0, 0};  // [out, in, kt, kh, kw]
    ConvOptions options_;
    DType compute_ = DType::F32;
    std::shared_ptr<const Backend> backend_;
};

class Conv2d::Plan {
  public:
    Plan(Shape x, Shape y, DType compute, const ConvOptions& options);
    virtual ~Plan() = default;

    void operator()(const Tensor& x, Tensor& y, Workspace& workspace);
    void operator()(const Tensor& x, const Tensor& residual, Tensor& y, Workspace& workspace);

    const Shape& input() const { return x_; }
    const Shape& output() const { return y_; }
    DType output_type() const { return options_.fp32_result ? DType::F32 : compute_; }

  protected:
    virtual void run(const Tensor& x, const Tensor* residual, Tensor& y, Workspace& workspace) = 0;

  private:
    void check_arguments(const Tensor& x, const Tensor& y) const;

    Shape x_, y_;
    DType compute_;
    ConvOptions options_;
};

class Conv2d::Backend {
  public:
    virtual ~Backend() = default;
    virtual std::unique_ptr<Plan> plan(const Shape& x, const Shape& y) const = 0;
};

// What suits this CPU best, of those below.
std::shared_ptr<const Conv2d::Backend> make_conv2d_cpu(const Tensor& weight, const Tensor& bias,
                                                       const ConvOptions& options, DType compute);
std::shared_ptr<const Conv2d::Backend> make_conv2d_onednn(const Tensor& weight, const Tensor& bias,
                                                          const ConvOptions& options,
                                                          DType compute);
// fp32. Throws Error where the CPU lacks AVX2.
std::shared_ptr<const Conv2d::Backend> make_conv2d_avx2(const Tensor& weight, const Tensor& bias,
                                                        const ConvOptions& options);

}  // namespace longtake::diffusion
