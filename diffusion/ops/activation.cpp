#include "diffusion/ops/activation.h"

#include "core/error.h"
#include "core/parallel.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace longtake::diffusion {
namespace {

float exact_gelu(float x) {
    return 0.5F * x * (1.F + std::erf(x / std::numbers::sqrt2_v<float>));
}

float quick_gelu(float x) {
    return x / (1.F + std::exp(-1.702F * x));
}

template <typename T> void apply(const Tensor& x, float (*function)(float), Tensor& out) {
    constexpr int64_t kShare = 4096;  // elements of one parallel piece
    const float* from = x.data<float>();
    T* to = out.data<T>();
    parallel_for((x.count() + kShare - 1) / kShare, [=, count = x.count()](int64_t share) {
        const int64_t end = std::min((share + 1) * kShare, count);
        for (int64_t i = share * kShare; i < end; ++i) {
            to[i] = static_cast<T>(function(from[i]));
        }
    });
}

}  // namespace

void activate(const Tensor& x, Activation activation, Tensor& out, GpuStream stream) {
    check(out.shape() == x.shape() && x.dtype() == DType::F32, "activation: {} {} into {}",
          name_of(x.dtype()), x.shape().str(), out.shape().str());
    check(out.device() == x.device(), "activation: tensors of two devices");
    x.device() == Device::Cpu ? activate_cpu(x, activation, out)
                              : activate_cuda(x, activation, out, stream);
}

void activate_cpu(const Tensor& x, Activation activation, Tensor& out) {
    const auto function = activation == Activation::Gelu ? exact_gelu : quick_gelu;
    out.dtype() == DType::BF16 ? apply<bf16>(x, function, out) : apply<float>(x, function, out);
}

}  // namespace longtake::diffusion
