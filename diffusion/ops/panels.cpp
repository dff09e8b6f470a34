#include "diffusion/ops/panels.h"

#include "core/error.h"
#include "diffusion/ops/cpu_features.h"
#include "diffusion/ops/onednn.h"

#include <algorithm>

namespace longtake::diffusion {
bool Panels::suit_this_cpu() {
    return has_avx2() && !onednn::has(dnnl::cpu_isa::avx512_core);
}

Panels::Panels(const Tensor& weight, const Tensor& bias) : out_(weight.extent(0)) {
    check(has_avx2(), "this CPU has no AVX2");
    const int64_t panels = (out_ + kPanelColumns - 1) / kPanelColumns, in = weight.extent(1);
    weights_ = Tensor::zeros({panels, in, kPanelColumns});
    bias_ = Tensor::zeros({panels, kPanelColumns});
    const Tensor plain = weight.to(DType::F32);
    for (int64_t o = 0; o < out_; ++o) {
        const int64_t first = o / kPanelColumns * in * kPanelColumns + o % kPanelColumns;
        for (int64_t k = 0; k < in; ++k) {
            weights_.data<float>()[first + k * kPanelColumns] = plain.data<float>()[o * in + k];
        }
    }
    if (!bias.empty()) {
        std::ranges::copy(bias.to(DType::F32).values<float>(), bias_.data<float>());
    }
}

void Panels::multiply(int64_t p, PanelTile tile) const {
    const int64_t column = p * kPanelColumns;
    tile.panel = weights_.data<float>() + column * weights_.extent(1);
    tile.bias = bias_.data<float>() + column;
    tile.columns = std::min(kPanelColumns, out_ - column);
    tile.y += column;
    tile.gate = tile.gate == nullptr ? nullptr : tile.gate + column;
    tile.addend = tile.addend == nullptr ? nullptr : tile.addend + column;
#if defined(__x86_64__)
    panel_kernel_avx2(tile);
#endif
}

}  // namespace longtake::diffusion
