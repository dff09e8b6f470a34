#include "diffusion/ops/attention_kernel.h"

#include <vector>

#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace longtake::diffusion {

#if defined(__x86_64__)

extern const AttentionKernel kAttentionAvx2Fp32;
extern const AttentionKernel kAttentionAvx2Widened;
extern const AttentionKernel kAttentionAvx512Fp32;
extern const AttentionKernel kAttentionAvx512Widened;
extern const AttentionKernel kAttentionAvx512Bf16;
extern const AttentionKernel kAttentionAmxBf16;

namespace {

bool has_avx512() {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

// Linux keeps the matrix unit's registers only for processes that have asked.
bool has_amx() {
#if defined(__linux__)
    constexpr long kRequestPermission = 0x1023, kTileData = 18;  // of arch_prctl
    return __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16") &&
           syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
    return false;
#endif
}

std::vector<const AttentionKernel*> find(DType dtype) {
    const bool fp32 = dtype == DType::F32;
    std::vector<const AttentionKernel*> found;
    if (has_avx512()) {
        found.push_back(fp32 ? &kAttentionAvx512Fp32 : &kAttentionAvx512Widened);
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        found.push_back(fp32 ? &kAttentionAvx2Fp32 : &kAttentionAvx2Widened);
    }
    if (!fp32 && has_avx512() && __builtin_cpu_supports("avx512bf16")) {
        // Intel's cores do a pair of bf16 products in twice the time of an fp32 one, AMD's in the
        // same.
        found.insert(__builtin_cpu_is("amd") ? found.begin() : found.end(), &kAttentionAvx512Bf16);
        if (has_amx()) {
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
