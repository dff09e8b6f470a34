#pragma once

namespace longtake::gaussians {

// Whether this machine runs what is compiled for AVX2 and FMA.
inline bool has_avx2() {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

}  // namespace longtake::gaussians
