#include "diffusion/ops/norm_silu.h"

#include "core/error.h"

namespace longtake::diffusion {

void norm_silu(const Tensor& x, const Tensor& gain, bool silu, Tensor& y, GpuStream stream) {
    check(x.shape() == y.shape() && x.dtype() == y.dtype() && x.shape().back() == gain.count(),
          "norm_silu: {} with {} gains into {}", x.shape().str(), gain.count(), y.shape().str());
    check(x.device() == y.device() && x.device() == gain.device(),
          "norm_silu: tensors of two devices");
    x.device() == Device::Cpu ? norm_silu_cpu(x, gain, silu, y)
                              : norm_silu_cuda(x, gain, silu, y, stream);
}

}  // namespace longtake::diffusion
