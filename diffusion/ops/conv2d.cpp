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
    check(options.gain.empty() || options.gain.shape() == Shape{out()},
          "conv2d: gain {} for {} outputs", options.gain.shape().str(), out());
    const auto& place = options.placement;
    check(out() % place.frames == 0 && place.row < place.step && place.column < place.step &&
              (place.plain() || (!options.residual && options.gain.empty())),
          "conv2d: results cannot be placed so");
    backend_ = device == Device::Cpu ? make_conv2d_cpu(weight, bias, options, compute)
                                     : make_conv2d_cuda(weight, bias, options, compute);
}

Shape ConvPlacement::of(const Shape& results) const {
    return {results[0] * frames, results[1] * step, results[2] * step, results[3] / frames};
}

Shape Conv2d::results(int64_t frames, int64_t height, int64_t width) const {
    const auto& pad = options_.padding;
    const int64_t t = frames - kernel_[2], h = height + pad.top + pad.bottom - kernel_[3],
                  w = width + pad.left + pad.right - kernel_[4];
    check(t >= 0 && h >= 0 && w >= 0, "conv2d: kernel {} does not fit into {} x {} x {}",
          kernel_.str(), frames, height, width);
    return {t / options_.time_stride + 1, h / options_.stride + 1, w / options_.stride + 1, out()};
}

Shape Conv2d::output(int64_t frames, int64_t height, int64_t width) const {
    return options_.placement.of(results(frames, height, width));
}

std::unique_ptr<Conv2d::Plan> Conv2d::plan(int64_t frames, int64_t height, int64_t width) const {
    return backend_->plan({frames, height, width, in()}, results(frames, height, width));
}

double Conv2d::flops(int64_t frames, int64_t height, int64_t width) const {
    const int64_t per_output = in() * kernel_[2] * kernel_[3] * kernel_[4];
    return 2.0 * static_cast<double>(results(frames, height, width).count() * per_output);
}

Conv2d::Plan::Plan(Shape x, Shape results, DType compute, const ConvOptions& options)
    : x_(x), y_(options.placement.of(results)), compute_(compute), options_(options) {}

void Conv2d::Plan::operator()(const Tensor& x, Tensor& y, Workspace& workspace) {
    check(x.shape() == x_, "conv2d: input {} for a plan of {}", x.shape().str(), x_.str());
    (*this)(x, 0, nullptr, y, workspace);
}

void Conv2d::Plan::operator()(const Tensor& x, const Tensor& residual, Tensor& y,
                              Workspace& workspace) {
    check(x.shape() == x_, "conv2d: input {} for a plan of {}", x.shape().str(), x_.str());
    (*this)(x, 0, &residual, y, workspace);
}

void Conv2d::Plan::operator()(const Tensor& ring, int64_t first, const Tensor* residual, Tensor& y,
                              Workspace& workspace) {
    check(ring.shape().rank() == 4 && ring.shape().with(0, x_[0]) == x_ &&
              ring.extent(0) >= x_[0] && first >= 0 && first < ring.extent(0) &&
              ring.dtype() == compute_,
          "conv2d: input {} {} from {} for a plan of {} {}", name_of(ring.dtype()),
          ring.shape().str(), first, name_of(compute_), x_.str());
    check(y.shape() == y_ && y.dtype() == output_type(), "conv2d: output {} {} for a plan of {} {}",
          name_of(y.dtype()), y.shape().str(), name_of(output_type()), y_.str());
    check(options_.residual == (residual != nullptr), "conv2d: the residual is missing");
    check(residual == nullptr || (residual->shape() == y_ && residual->dtype() == compute_),
          "conv2d: a residual that is not like output {}", y_.str());
    check(ring.device() == workspace.device() && y.device() == workspace.device() &&
              (residual == nullptr || residual->device() == workspace.device()),
          "conv2d: tensors of two devices");
    ring.extent(0) == x_[0] && first == 0 ? run(ring, residual, y, workspace)
                                          : run_ring(ring, first, residual, y, workspace);
}

void Conv2d::Plan::run_ring(const Tensor& ring, int64_t first, const Tensor* residual, Tensor& y,
                            Workspace& workspace) {
    run(ring.slice(first, first + x_[0]), residual, y, workspace);
}

}  // namespace longtake::diffusion
