#include "diffusion/ops/cpu_features.h"

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

namespace longtake::diffusion {

#if defined(__x86_64__)

namespace {

// Not all compilers know the matrix unit by name: of leaf 7, bits 22 (bf16) and 24 (tiles).
bool has_amx_bf16_unit() {
    constexpr unsigned kUnit = 1U << 22 | 1U << 24;
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & kUnit) == kUnit;
}

}  // namespace

bool has_avx2() {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

bool has_avx512() {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

bool has_avx512_bf16() {
    return has_avx512() && __builtin_cpu_supports("avx512bf16");
}

bool has_amx_bf16() {
#if defined(__linux__)
    constexpr long kRequestPermission = 0x1023, kTileData = 18;  // of arch_prctl
    return has_avx512_bf16() && __builtin_cpu_supports("avx512vbmi") && has_amx_bf16_unit() &&
           syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
    return false;
#endif
}

#else

bool has_avx2() {
    return false;
}
bool has_avx512() {
    return false;
}
bool has_avx512_bf16() {
    return false;
}
bool has_amx_bf16() {
    return false;
}

#endif

}  // namespace longtake::diffusion
