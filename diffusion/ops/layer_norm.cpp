#include "diffusion/ops/layer_norm.h"

#include "core/error.h"

namespace longtake::diffusion {

void layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, double eps, Tensor& out,
                GpuStream stream) {
    check(x.shape().rank() == 2 && out.shape() == x.shape(), "layer_norm: {} into {}",
          x.shape().str(), out.shape().str());
    check(gain.count() == x.extent(1) && bias.count() == x.extent(1),
          "layer_norm: gain of {}, bias of {} for rows of {}", gain.count(), bias.count(),
          x.extent(1));
    check(out.device() == x.device() && gain.device() == x.device() && bias.device() == x.device(),
          "layer_norm: tensors of two devices");
    x.device() == Device::Cpu ? layer_norm_cpu(x, gain, bias, eps, out)
                              : layer_norm_cuda(x, gain, bias, eps, out, stream);
}

}  // namespace longtake::diffusion
