#include "core/parallel.h"
#include "diffusion/ops/linear.h"

namespace longtake::diffusion {
namespace {

template <typename From, typename To> void convert(const Tensor& from, Tensor& to) {
    const int64_t columns = from.extent(1);
    const From* source = from.data<From>();
    To* target = to.data<To>();
    parallel_for(from.extent(0), [=](int64_t r) {
        for (int64_t i = r * columns; i < (r + 1) * columns; ++i) {
            target[i] = static_cast<float>(source[i]);
        }
    });
}

// bf16 in and out, fp32 in between.
class WidenedLinear final : public Linear::Backend {
  public:
    WidenedLinear(const Tensor& weight, const Tensor& bias)
        : inner_(make_linear_cpu(weight.to(DType::BF16).to(DType::F32), bias, DType::F32)) {}

    void run(const Tensor& x, Tensor& y, Workspace& workspace,
             const Epilogue& epilogue) const override {
        const auto inputs = static_cast<size_t>(x.count());
        const size_t outputs = y.dtype() == DType::F32 ? 0 : static_cast<size_t>(y.count());
        auto* room = static_cast<float*>(workspace.conversion((inputs + outputs) * sizeof(float)));
        Tensor wide_x = Tensor::view(room, x.shape(), DType::F32);
        convert<bf16, float>(x, wide_x);
        if (y.dtype() == DType::F32) {
            return inner_->run(wide_x, y, workspace, epilogue);
        }
        Tensor wide_y = Tensor::view(room + inputs, y.shape(), DType::F32);
        inner_->run(wide_x, wide_y, workspace, epilogue);
        convert<float, bf16>(wide_y, y);
    }

  private:
    std::shared_ptr<const Linear::Backend> inner_;
};

}  // namespace

std::shared_ptr<const Linear::Backend> make_linear_widened(const Tensor& weight,
                                                           const Tensor& bias) {
    return std::make_shared<WidenedLinear>(weight, bias);
}

}  // namespace longtake::diffusion
