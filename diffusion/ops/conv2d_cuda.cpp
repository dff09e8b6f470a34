#include "diffusion/ops/conv2d_cuda.h"

#include "diffusion/ops/norm_silu.h"

#include <algorithm>

namespace longtake::diffusion {
namespace {

// [out, in, taps] -> [out, taps, in]
Tensor channels_last(const Tensor& weight, DType compute) {
    const Tensor from = weight.to(DType::F32);
    const int64_t out = from.extent(0), in = from.extent(1), taps = from.count() / (out * in);
    Tensor to({out, taps, in}, DType::F32);
    for (int64_t row = 0; row < out * in; ++row) {
        for (int64_t tap = 0; tap < taps; ++tap) {
            to.data<float>()[(row / in * taps + tap) * in + row % in] =
                from.data<float>()[row * taps + tap];
        }
    }
    return to.to(compute).to(Device::Cuda);
}

class PlanCuda final : public Conv2d::Plan {
  public:
    explicit PlanCuda(ConvProblem problem)
        : Plan(problem.x, problem.results, problem.compute, problem.options),
          problem_(std::move(problem)),
          hopper_(ConvHopper::plan(problem_)) {}

  protected:
    void run(const Tensor& x, const Tensor* residual, Tensor& y, Workspace& workspace) override {
        run_ring(x, 0, residual, y, workspace);
    }
    void run_ring(const Tensor& ring, int64_t first, const Tensor* residual, Tensor& y,
                  Workspace& workspace) override {
        const ConvArguments arguments{ring, first, residual, y, workspace.stream()};
        if (hopper_) {
            hopper_->run(problem_, arguments);
        } else {
            conv2d_cuda_plain(problem_, arguments);
        }
        if (!problem_.options.gain.empty() && !(hopper_ && hopper_->norms())) {
            norm_silu(y, problem_.options.gain, true, y, workspace.stream());
        }
    }

  private:
    ConvProblem problem_;
    std::unique_ptr<const ConvHopper> hopper_;
};

class ConvCuda final : public Conv2d::Backend {
  public:
    ConvCuda(const Tensor& weight, const Tensor& bias, const ConvOptions& options, DType compute) {
        const Shape& w = weight.shape();
        const Tensor zeros = Tensor::zeros({w[0]});
        problem_ = {.options = options,
                    .compute = compute,
                    .kernel = w.rank() == 5 ? w : Shape{w[0], w[1], 1, w[2], w[3]},
                    .weight = channels_last(weight, compute),
                    .bias = (bias.empty() ? zeros : bias.to(DType::F32)).to(Device::Cuda),
                    .x = {},
                    .results = {}};
        if (!options.gain.empty()) {
            problem_.options.gain = options.gain.to(Device::Cuda);
        }
    }

    std::unique_ptr<Conv2d::Plan> plan(const Shape& x, const Shape& results) const override {
        ConvProblem problem = problem_;
        problem.x = x;
        problem.results = results;
        return std::make_unique<PlanCuda>(std::move(problem));
    }

  private:
    ConvProblem problem_;
};

}  // namespace

std::shared_ptr<const Conv2d::Backend> make_conv2d_cuda(const Tensor& weight, const Tensor& bias,
                                                        const ConvOptions& options, DType compute) {
    return std::make_shared<ConvCuda>(weight, bias, options, compute);
}

}  // namespace longtake::diffusion
