#include "diffusion/ops/frame_attention.h"

#include "core/error.h"

namespace longtake::diffusion {

void frame_attention(const Tensor& qkv, Tensor& out, Workspace& workspace) {
    check(out.shape().rank() == 4 && qkv.shape() == out.shape().with(3, 3 * out.extent(3)) &&
              qkv.dtype() == out.dtype(),
          "frame_attention: {} into {}", qkv.shape().str(), out.shape().str());
    check(qkv.device() == out.device() && qkv.device() == workspace.device(),
          "frame_attention: tensors of two devices");
    qkv.device() == Device::Cpu ? frame_attention_cpu(qkv, out)
                                : frame_attention_cuda(qkv, out, workspace);
}

}  // namespace longtake::diffusion
