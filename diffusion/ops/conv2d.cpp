#include "diffusion/ops/conv2d.h"

#include "core/error.h"

namespace longtake::diffusion {

Conv2d::Conv2d(const Tensor& weight, const Tensor& bias, const ConvOptions& options, DType compute,
               Device device)
    : options_(options), compute_(compute) {
    const Shape& w = weight.shape();
    check(w.rank() == 4 || w.rank() == 5, "conv2d: weight {} is not a kernel", w.str());
    kernel_ = w.rank() == 5 ? w : Shape{w[0], w[1], 1, w[2], w[3]};
    check(bias.empty() || bias.shape() == Shape{out()}, "conv2d: bias {} for {} outputs",
          bias.shape().str(), out());
    check(compute == DType::F32 || compute == DType::BF16, "conv2d: cannot compute in {}",
          name_of(compute));
    check(device == Device::Cpu, "conv2d: this build has no CUDA back end");
    backend_ = make_conv2d_cpu(weight, bias, options, compute);
}

Shape Conv2d::output(int64_t frames, int64_t height, int64_t width) const {
    const auto& pad = options_.padding;
    const int64_t t = frames - kernel_[2], h = height + pad.top + pad.bottom - kernel_[3],
                  w = width + pad.left + pad.right - kernel_[4];
    check(t >= 0 && h >= 0 && w >= 0, "conv2d: kernel {} does not fit into {} x {} x {}",
          kernel_.str(), frames, height, width);
    return {t / options_.time_stride + 1, h / options_.stride + 1, w / options_.stride + 1, out()};
}

std::unique_ptr<Conv2d::Plan> Conv2d::plan(int64_t frames, int64_t height, int64_t width) const {
    return backend_->plan({frames, height, width, in()}, output(frames, height, width));
}

double Conv2d::flops(int64_t frames, int64_t height, int64_t width) const {
    const int64_t per_output = in() * kernel_[2] * kernel_[3] * kernel_[4];
    return 2.0 * static_cast<double>(output(frames, height, width).count() * per_output);
}

Conv2d::Plan::Plan(Shape x, Shape y, DType compute, const ConvOptions& options)
    : x_(x), y_(y), compute_(compute), options_(options) {}

void Conv2d::Plan::check_arguments(const Tensor& x, const Tensor& y) const {
    check(x.shape() == x_ && x.dtype() == compute_, "conv2d: input {} {} for a plan of {} {}",
          name_of(x.dtype()), x.shape().str(), name_of(compute_), x_.str());
    check(y.shape() == y_ && y.dtype() == output_type(), "conv2d: output {} {} for a plan of {} {}",
          name_of(y.dtype()), y.shape().str(), name_of(output_type()), y_.str());
}

void Conv2d::Plan::operator()(const Tensor& x, Tensor& y, Workspace& workspace) {
    check_arguments(x, y);
    check(!options_.residual, "conv2d: the residual is missing");
    run(x, nullptr, y, workspace);
}

void Conv2d::Plan::operator()(const Tensor& x, const Tensor& residual, Tensor& y,
                              Workspace& workspace) {
    check_arguments(x, y);
    check(options_.residual && residual.shape() == y_ && residual.dtype() == compute_,
          "conv2d: residual {} {} for output {}", name_of(residual.dtype()), residual.shape().str(),
          y_.str());
    run(x, &residual, y, workspace);
}

}  // namespace longtake::diffusion
