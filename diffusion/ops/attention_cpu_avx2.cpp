// Compiled for AVX2 and FMA: nothing here may run before attention_kernels() has asked the machine.
#include "diffusion/ops/attention_tile.h"
#include "diffusion/ops/simd_avx2.h"

namespace longtake::diffusion {
namespace {

struct Fp32 : Avx2 {
    using Element = float;
    static constexpr int kPair = 1, kVectors = 3, kKeys = 4, kDims = 4;

    static float query_unit(const float* row, int64_t k) { return row[k]; }
    static float element(float f) { return f; }
    static Vector broadcast_unit(const float* p) { return _mm256_broadcast_ss(p); }
    static Vector multiply_add(Vector a, Vector b, Vector c) { return fma(a, b, c); }
    static Vector widened(const uint16_t* bits) {
        const __m128i half = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bits));
        return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
    }
};

using Bf16AsFp32 = AttentionBf16AsFp32<Fp32>;
using Fp32Tiler = AttentionTiler<Fp32>;
using Bf16Tiler = AttentionTiler<Bf16AsFp32>;

}  // namespace

extern const AttentionKernel kAttentionAvx2Fp32;
const AttentionKernel kAttentionAvx2Fp32{
    .name = "avx2_fp32",
    .dtype = DType::F32,
    .lane_rows = Fp32Tiler::kLanes,
    .tile_rows = Fp32Tiler::kRows,
    .dim_multiple = 16,
    .scratch_floats = Fp32Tiler::scratch_floats,
    .run = Fp32Tiler::run,
    .pack_keys = nullptr,
    .pack_values = nullptr,
};

extern const AttentionKernel kAttentionAvx2Widened;
const AttentionKernel kAttentionAvx2Widened{
    .name = "avx2_bf16_as_fp32",
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
