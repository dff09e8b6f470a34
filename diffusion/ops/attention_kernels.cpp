#include "diffusion/ops/attention_kernel.h"
#include "diffusion/ops/cpu_features.h"

#include <vector>

namespace longtake::diffusion {

#if defined(__x86_64__)

extern const AttentionKernel kAttentionAvx2Fp32;
extern const AttentionKernel kAttentionAvx2Widened;
extern const AttentionKernel kAttentionAvx512Fp32;
extern const AttentionKernel kAttentionAvx512Widened;
extern const AttentionKernel kAttentionAvx512Bf16;
extern const AttentionKernel kAttentionAmxBf16;

namespace {

std::vector<const AttentionKernel*> find(DType dtype) {
    const bool fp32 = dtype == DType::F32;
    std::vector<const AttentionKernel*> found;
    if (has_avx512()) {
        found.push_back(fp32 ? &kAttentionAvx512Fp32 : &kAttentionAvx512Widened);
    }
    if (has_avx2()) {
        found.push_back(fp32 ? &kAttentionAvx2Fp32 : &kAttentionAvx2Widened);
    }
    if (!fp32 && has_avx512_bf16()) {
        // Intel's cores do a pair of bf16 products in twice the time of an fp32 one, AMD's in the
        // same.
        found.insert(__builtin_cpu_is("amd") ? found.begin() : found.end(), &kAttentionAvx512Bf16);
        if (has_amx_bf16()) {
            found.insert(found.begin(), &kAttentionAmxBf16);
        }
    }
    return found;
}

}  // namespace

std::span<const AttentionKernel* const> attention_kernels(DType dtype) {
    static const std::vector<const AttentionKernel*> fp32 = find(DType::F32);
    static const std::vector<const AttentionKernel*> bf16 = find(DType::BF16);
    return dtype == DType::F32    ? std::span(fp32)
           : dtype == DType::BF16 ? std::span(bf16)
                                  : std::span<const AttentionKernel* const>{};
}

#else

std::span<const AttentionKernel* const> attention_kernels(DType) {
    return {};
}

#endif

}  // namespace longtake::diffusion
