// Compiled for AVX2 and FMA: nothing here may run before row_kernels() has asked the machine.
#include "diffusion/ops/row_loops.h"
#include "diffusion/ops/simd_avx2.h"

namespace longtake::diffusion {

extern const RowKernels kRowsAvx2;
constinit const RowKernels kRowsAvx2 = RowLoops<Avx2>::kernels("avx2");

}  // namespace longtake::diffusion
