#include "core/error.h"
#include "core/parallel.h"
#include "diffusion/ops/linear.h"
#include "diffusion/ops/linear_kernel.h"

#include <algorithm>

namespace longtake::diffusion {

#if defined(__x86_64__)

namespace {

constexpr int64_t kBlockRows = 72;  // of x, small enough to stay in the second cache level

class LinearAvx2 final : public Linear::Backend {
  public:
    LinearAvx2(const Tensor& weight, const Tensor& bias)
        : in_(weight.extent(1)),
          out_(weight.extent(0)),
          panels_((out_ + kLinearPanel - 1) / kLinearPanel),
          weights_(Tensor::zeros({panels_, in_, kLinearPanel})),
          bias_(Tensor::zeros({panels_, kLinearPanel})) {
        const Tensor plain = weight.to(DType::F32);
        for (int64_t o = 0; o < out_; ++o) {
            const int64_t first = o / kLinearPanel * in_ * kLinearPanel + o % kLinearPanel;
            for (int64_t k = 0; k < in_; ++k) {
                weights_.data<float>()[first + k * kLinearPanel] = plain.data<float>()[o * in_ + k];
            }
        }
        if (!bias.empty()) {
            const Tensor values = bias.to(DType::F32);
            std::copy_n(values.data<float>(), out_, bias_.data<float>());
        }
    }

    void run(const Tensor& x, Tensor& y, Workspace&, const Epilogue& epilogue) const override {
        const int64_t rows = x.extent(0), blocks = (rows + kBlockRows - 1) / kBlockRows;
        const float* from = x.data<float>();
        const float* gate = epilogue.gate == nullptr ? nullptr : epilogue.gate->data<float>();
        float* to = y.data<float>();
        parallel_for(blocks * panels_, [=, this, kind = epilogue.kind](int64_t item) {
            const int64_t row = item / panels_ * kBlockRows;
            const int64_t column = item % panels_ * kLinearPanel;
            linear_tile_avx2({.x = from + row * in_,
                              .rows = std::min(kBlockRows, rows - row),
                              .in = in_,
                              .panel = weights_.data<float>() + column * in_,
                              .bias = bias_.data<float>() + column,
                              .gate = gate == nullptr ? nullptr : gate + column,
                              .y = to + row * out_ + column,
                              .stride = out_,
                              .columns = std::min(kLinearPanel, out_ - column),
                              .gelu = kind == Epilogue::Kind::Gelu,
                              .add = kind == Epilogue::Kind::Add});
        });
    }

  private:
    int64_t in_, out_, panels_;
    Tensor weights_;  // [panels, in, kLinearPanel]
    Tensor bias_;     // [panels, kLinearPanel]
};

}  // namespace

std::shared_ptr<const Linear::Backend> make_linear_avx2(const Tensor& weight, const Tensor& bias) {
    check(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"),
          "linear: this CPU has no AVX2");
    return std::make_shared<LinearAvx2>(weight, bias);
}

#else

std::shared_ptr<const Linear::Backend> make_linear_avx2(const Tensor&, const Tensor&) {
    fail("linear: this CPU has no AVX2");
}

#endif

}  // namespace longtake::diffusion
