#include "gaussians/train/gather_rows.h"

#include "core/error.h"
#include "core/parallel.h"

#include <algorithm>

namespace longtake::gaussians {

Tensor gather_rows(const Tensor& from, const Tensor& sources, GpuStream stream) {
    check(from.shape().rank() > 0 && sources.device() == from.device(),
          "gather_rows: {} by rows of another device", from.shape().str());
    Tensor to(from.shape().with(0, sources.count()), DType::F32, from.device());
    if (to.count() > 0) {
        from.device() == Device::Cpu ? gather_rows_cpu(from, sources, to)
                                     : gather_rows_cuda(from, sources, to, stream);
    }
    return to;
}

void gather_rows_cpu(const Tensor& from, const Tensor& sources, Tensor& to) {
    const int64_t width = to.count() / sources.count();
    const auto* source = sources.data<int32_t>();
    const float* in = from.data<float>();
    float* out = to.data<float>();
    parallel_for(sources.count(), [&](int64_t i) {
        source[i] < 0 ? std::fill_n(out + i * width, width, 0.F)
                      : std::copy_n(in + source[i] * width, width, out + i * width);
    });
}

}  // namespace longtake::gaussians
