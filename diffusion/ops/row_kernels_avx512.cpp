// Compiled for AVX-512: nothing here may run before row_kernels() has asked the machine.
#include "diffusion/ops/row_loops.h"
#include "diffusion/ops/simd_avx512.h"

namespace longtake::diffusion {

extern const RowKernels kRowsAvx512;
constinit const RowKernels kRowsAvx512 = RowLoops<Avx512>::kernels("avx512");

}  // namespace longtake::diffusion
