// Compiled for AVX-512: nothing here may run before attention_kernels() has asked the machine.
#include "diffusion/ops/attention_tile.h"
#include "diffusion/ops/simd_avx512.h"

namespace longtake::diffusion {
namespace {

struct Fp32 : Avx512 {
    using Element = float;
    static constexpr int kPair = 1, kVectors = 3, kKeys = 8, kDims = 8;

    static float query_unit(const float* row, int64_t k) { return row[k]; }
    static float element(float f) { return f; }
    static Vector broadcast_unit(const float* p) { return _mm512_set1_ps(*p); }
    static Vector multiply_add(Vector a, Vector b, Vector c) { return fma(a, b, c); }
    static Vector widened(const uint16_t* bits) {
        const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bits));
        return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
    }
};

using Bf16AsFp32 = AttentionBf16AsFp32<Fp32>;
using Fp32Tiler = AttentionTiler<Fp32>;
using Bf16Tiler = AttentionTiler<Bf16AsFp32>;

}  // namespace

extern const AttentionKernel kAttentionAvx512Fp32;
const AttentionKernel kAttentionAvx512Fp32{
    .name = "avx512_fp32",
    .dtype = DType::F32,
    .lane_rows = Fp32Tiler::kLanes,
    .tile_rows = Fp32Tiler::kRows,
    .dim_multiple = 16,
    .scratch_floats = Fp32Tiler::scratch_floats,
    .run = Fp32Tiler::run,
    .pack_keys = nullptr,
    .pack_values = nullptr,
};

extern const AttentionKernel kAttentionAvx512Widened;
const AttentionKernel kAttentionAvx512Widened{
    .name = "avx512_bf16_as_fp32",
    .dtype = DType::BF16,
    .lane_rows = Bf16Tiler::kLanes,
    .tile_rows = Bf16Tiler::kRows,
    .dim_multiple = 16,
    .scratch_floats = Bf16Tiler::scratch_floats,
    .run = Bf16Tiler::run,
    .pack_keys = Bf16AsFp32::widen,
    .pack_values = Bf16AsFp32::widen,
};

}  // namespace longtake::diffusion
