// Compiled for AVX512_BF16: nothing here may run before row_kernels() has asked the machine.
#include "diffusion/ops/row_loops.h"
#include "diffusion/ops/simd_avx512.h"

namespace longtake::diffusion {
namespace {

struct Avx512Bf16 : Avx512 {
    using Avx512::put;
    static void put(uint16_t* p, Vector v) {
        const auto rounded = reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(v));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), rounded);
    }
};

}  // namespace

extern const RowKernels kRowsAvx512Bf16;
constinit const RowKernels kRowsAvx512Bf16 = RowLoops<Avx512Bf16>::kernels("avx512_bf16");

}  // namespace longtake::diffusion
