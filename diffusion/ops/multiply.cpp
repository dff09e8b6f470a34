#include "diffusion/ops/multiply.h"

#include "core/error.h"
#include "core/parallel.h"

#include <algorithm>

namespace longtake::diffusion {

void multiply(const Tensor& a, const Tensor& b, Tensor& out, GpuStream stream) {
    check(a.shape() == b.shape() && out.shape() == a.shape(), "multiply: {} by {} into {}",
          a.shape().str(), b.shape().str(), out.shape().str());
    check(b.device() == a.device() && out.device() == a.device(),
          "multiply: tensors of two devices");
    a.device() == Device::Cpu ? multiply_cpu(a, b, out) : multiply_cuda(a, b, out, stream);
}

void multiply_cpu(const Tensor& a, const Tensor& b, Tensor& out) {
    const auto run = [x = a.data<float>(), y = b.data<float>(), count = a.count()](auto* to) {
        constexpr int64_t kPiece = 4096;
        parallel_for((count + kPiece - 1) / kPiece, [=](int64_t piece) {
            const int64_t end = std::min((piece + 1) * kPiece, count);
            for (int64_t i = piece * kPiece; i < end; ++i) {
                to[i] = x[i] * y[i];
            }
        });
    };
    out.dtype() == DType::BF16 ? run(out.data<bf16>()) : run(out.data<float>());
}

}  // namespace longtake::diffusion
