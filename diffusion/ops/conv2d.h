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

// Where the results go, if not side by side: pixel (y, x) to (step y + row, step x + column) of
// frames `step` times as high and wide, and `frames` parts of the channels to as many frames one
// after the other.
struct ConvPlacement {
    int64_t step = 1, row = 0, column = 0;
    int64_t frames = 1;

    bool plain() const { return step == 1 && frames == 1; }
    // Of y, for results [T', H', W', out].
    Shape of(const Shape& results) const;
};

struct ConvOptions {
    int64_t stride = 1;        // of height and width
    int64_t time_stride = 1;   // of frames
    ConvPadding padding = {};  // with zeros; time is never padded
    bool residual = false;     // y += residual
    bool relu = false;         // after that
    bool fp32_result = false;
    ConvPlacement placement = {};
    Tensor gain = {};  // [out], or empty; comes last, see norm_silu.h: y = silu(norm(y))
};

// A convolution of the frames of a video, channels innermost: x [T, H, W, in], y [T', H', W', out],
// or as the placement has it. Immutable: sessions share it. A session prepares a Plan per size and
// runs that.
class Conv2d {
  public:
    Conv2d() = default;
    // weight [out, in, kh, kw], or [out, in, kt, kh, kw] to reach over kt frames; bias [out] or
    // empty; any float type. `compute` (F32 or BF16) is the type of x, residual, y and the packed
    // weights; sums are fp32.
    Conv2d(const Tensor& weight, const Tensor& bias, const ConvOptions& options, DType compute,
           Device device = Device::Cpu);  // the weights are on the CPU

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
    Shape results(int64_t frames, int64_t height, int64_t width) const;  // before they are placed

    Shape kernel_{0, 0, 0, 0, 0};  // [out, in, kt, kh, kw]
    ConvOptions options_;
    DType compute_ = DType::F32;
    std::shared_ptr<const Backend> backend_;
};

class Conv2d::Plan {
  public:
    Plan(Shape x, Shape results, DType compute, const ConvOptions& options);
    virtual ~Plan() = default;

    void operator()(const Tensor& x, Tensor& y, Workspace& workspace);
    void operator()(const Tensor& x, const Tensor& residual, Tensor& y, Workspace& workspace);
    // Of frames first ... first + T - 1 of `ring`; on the GPU they may go round its end.
    void operator()(const Tensor& ring, int64_t first, const Tensor* residual, Tensor& y,
                    Workspace& workspace);

    const Shape& input() const { return x_; }
    const Shape& output() const { return y_; }
    DType output_type() const { return options_.fp32_result ? DType::F32 : compute_; }

    // A back end's own: the arguments have been checked.
    virtual void run(const Tensor& x, const Tensor* residual, Tensor& y, Workspace& workspace) = 0;
    virtual void run_ring(const Tensor& ring, int64_t first, const Tensor* residual, Tensor& y,
                          Workspace& workspace);

  private:
    Shape x_, y_;
    DType compute_;
    ConvOptions options_;
};

class Conv2d::Backend {
  public:
    virtual ~Backend() = default;
    // x [T, H, W, in]; results [T', H', W', out], before they are placed.
    virtual std::unique_ptr<Plan> plan(const Shape& x, const Shape& results) const = 0;
};

std::shared_ptr<const Conv2d::Backend> make_conv2d_cuda(const Tensor& weight, const Tensor& bias,
                                                        const ConvOptions& options, DType compute);
// What suits this CPU best, of those below, which know of neither placement nor gain.
std::shared_ptr<const Conv2d::Backend> make_conv2d_cpu(const Tensor& weight, const Tensor& bias,
                                                       const ConvOptions& options, DType compute);
std::shared_ptr<const Conv2d::Backend> make_conv2d_onednn(const Tensor& weight, const Tensor& bias,
                                                          const ConvOptions& options,
                                                          DType compute);
// fp32. Throws Error where the CPU lacks AVX2.
std::shared_ptr<const Conv2d::Backend> make_conv2d_avx2(const Tensor& weight, const Tensor& bias,
                                                        const ConvOptions& options);

}  // namespace longtake::diffusion
