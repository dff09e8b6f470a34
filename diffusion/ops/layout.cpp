#include "diffusion/ops/layout.h"

#include "core/error.h"

namespace longtake::diffusion {

void patchify(const Tensor& latents, int64_t ph, int64_t pw, Tensor& patches, GpuStream stream) {
    check(latents.shape().rank() == 4 && patches.shape().rank() == 2 &&
              latents.extent(2) % ph == 0 && latents.extent(3) % pw == 0 &&
              patches.extent(0) * ph * pw ==
                  latents.extent(0) * latents.extent(2) * latents.extent(3) &&
              patches.extent(1) % (ph * pw) == 0 &&
              patches.extent(1) >= latents.extent(1) * ph * pw,
          "patchify: {} into {}", latents.shape().str(), patches.shape().str());
    check(latents.device() == patches.device(), "patchify: tensors of two devices");
    latents.device() == Device::Cpu ? patchify_cpu(latents, ph, pw, patches)
                                    : patchify_cuda(latents, ph, pw, patches, stream);
}

void unpatchify(const Tensor& tokens, int64_t ph, int64_t pw, Tensor& flow, GpuStream stream) {
    check(flow.shape().rank() == 4 && flow.extent(2) % ph == 0 && flow.extent(3) % pw == 0 &&
              tokens.count() == flow.count() && tokens.extent(1) == flow.extent(1) * ph * pw,
          "unpatchify: {} into {}", tokens.shape().str(), flow.shape().str());
    check(tokens.device() == flow.device(), "unpatchify: tensors of two devices");
    tokens.device() == Device::Cpu ? unpatchify_cpu(tokens, ph, pw, flow)
                                   : unpatchify_cuda(tokens, ph, pw, flow, stream);
}

void copy_columns(const Tensor& from, int64_t column, Tensor& out, GpuStream stream) {
    check(from.dtype() == out.dtype() && from.device() == out.device() &&
              from.extent(0) == out.extent(0) &&
              column + out.extent(1) * out.extent(2) <= from.extent(1),
          "copy_columns: from {} of {} into {}", column, from.shape().str(), out.shape().str());
    from.device() == Device::Cpu ? copy_columns_cpu(from, column, out)
                                 : copy_columns_cuda(from, column, out, stream);
}

void scatter_heads(const Tensor& rows, Tensor& slots, int64_t first, GpuStream stream) {
    check(rows.dtype() == slots.dtype() && rows.device() == slots.device() &&
              rows.extent(1) == slots.extent(0) && rows.extent(2) == slots.extent(2) &&
              first >= 0 && first + rows.extent(0) <= slots.extent(1),
          "scatter_heads: {} into {} from slot {}", rows.shape().str(), slots.shape().str(), first);
    rows.device() == Device::Cpu ? scatter_heads_cpu(rows, slots, first)
                                 : scatter_heads_cuda(rows, slots, first, stream);
}

}  // namespace longtake::diffusion
