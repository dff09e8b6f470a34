// Compiled for AVX512_BF16: nothing here may run before attention_kernels() has asked the machine.
#include "diffusion/ops/attention_bf16_pairs.h"
#include "diffusion/ops/attention_tile.h"

namespace longtake::diffusion {
namespace {

using Tiler = AttentionTiler<Bf16Pairs>;

}  // namespace

extern const AttentionKernel kAttentionAvx512Bf16;
const AttentionKernel kAttentionAvx512Bf16{
    .name = "avx512_bf16",
    .dtype = DType::BF16,
    .lane_rows = Tiler::kLanes,
    .tile_rows = Tiler::kRows,
    .dim_multiple = 16,
    .scratch_floats = Tiler::scratch_floats,
    .run = Tiler::run,
    .pack_keys = nullptr,
    .pack_values = Bf16Pairs::pair_rows,
};

}  // namespace longtake::diffusion
