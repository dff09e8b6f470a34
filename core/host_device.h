#pragma once

// Marks of functions that kernels share with the CPU; plain C++ compilers see nothing.
#ifdef __CUDACC__
#define LONGTAKE_HOST_DEVICE __host__ __device__
#define LONGTAKE_UNROLL _Pragma("unroll")
#else
#define LONGTAKE_HOST_DEVICE
#define LONGTAKE_UNROLL
#endif
