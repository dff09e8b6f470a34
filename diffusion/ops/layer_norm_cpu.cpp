#include "core/error.h"
#include "core/parallel.h"
#include "diffusion/ops/layer_norm.h"
#include "diffusion/ops/row_kernels.h"

namespace longtake::diffusion {

void layer_norm_cpu(const Tensor& x, const Tensor& gain, const Tensor& bias, double eps,
                    Tensor& out) {
    check(out.dtype() == DType::F32 || out.dtype() == DType::BF16, "layer_norm: no output in {}",
          name_of(out.dtype()));
    const int64_t d = x.extent(1);
    const auto row_bytes = static_cast<size_t>(d) * size_of(out.dtype());
    const auto normalize = row_kernels(d).layer_norm[out.dtype()];
    const float* from = x.data<float>();
    const float* g = gain.data<float>();
    const float* b = bias.data<float>();
    auto* to = static_cast<std::byte*>(out.raw());
    parallel_for(x.extent(0), [=](int64_t r) {
        normalize(from + r * d, g, b, d, static_cast<float>(eps),
                  to + static_cast<size_t>(r) * row_bytes);
    });
}

}  // namespace longtake::diffusion
