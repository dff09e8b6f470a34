#pragma once

// Code marked LTW_HD is compiled twice by nvcc and once by a plain C++ compiler, from one source.
#if defined(__CUDACC__)
#define LTW_HD __host__ __device__ inline
#else
#define LTW_HD inline
#endif
