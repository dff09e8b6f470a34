// Compiled for AVX512_BF16: nothing here may run before row_kernels() has asked the machine.
#include "diffusion/ops/row_loops.h"
#include "diffusion/ops/simd_avx512bf16.h"

namespace longtake::diffusion {
extern const RowKernels kRowsAvx512Bf16;
constinit const RowKernels kRowsAvx512Bf16 = RowLoops<Avx512Bf16>::kernels("avx512_bf16");

}  // namespace longtake::diffusion
