#include "diffusion/ops/attention_hopper_formats.cuh"
#include "diffusion/ops/elements.cuh"

namespace longtake::diffusion {
namespace {

constexpr int kDim = 128;
// A block takes kTileSlots slots of a head through shared memory.
constexpr int kTileSlots = 32;

__global__ void attention_quantize_kernel(KvView from, int64_t begin, int64_t end, Fp8Slots to) {
    __shared__ uint8_t tile[kDim][kTileSlots + 4];
    const int64_t first = begin + int64_t{blockIdx.x} * kTileSlots, head = blockIdx.y;
    const auto* keys = static_cast<const __nv_bfloat16*>(from.keys) + head * from.stride * kDim;
    const auto* values = static_cast<const __nv_bfloat16*>(from.values) + head * from.stride * kDim;
    auto* to_keys = static_cast<uint16_t*>(to.keys) + head * to.stride * kDim / 2;
    auto* to_values = static_cast<uint8_t*>(to.values) + head * to.stride * kDim;
    const auto quantized = [](const __nv_bfloat16* at) {
        const float2 pair = __bfloat1622float2(*reinterpret_cast<const __nv_bfloat162*>(at));
        return pack_fp8(pair.x, pair.y);
    };
    for (int i = static_cast<int>(threadIdx.x); i < kTileSlots * kDim / 2; i += blockDim.x) {
        const int64_t slot = first + i / (kDim / 2);
        const int pair = i % (kDim / 2), within = i / (kDim / 2);
        unsigned value = 0;
        if (slot < end) {
            to_keys[slot * kDim / 2 + pair] =
                static_cast<uint16_t>(quantized(keys + slot * kDim + 2 * pair));
            value = quantized(values + slot * kDim + 2 * pair);
        }
        const int place = within / 16 * 16 + within % 8 / 2 * 4 + within % 16 / 8 * 2 + within % 2;
        tile[2 * pair][place] = static_cast<uint8_t>(value & 0xffU);
        tile[2 * pair + 1][place] = static_cast<uint8_t>(value >> 8);
    }
    __syncthreads();
    for (int i = static_cast<int>(threadIdx.x); i < kDim * kTileSlots / 4; i += blockDim.x) {
        const int dim = i / (kTileSlots / 4), at = i % (kTileSlots / 4) * 4;
        if (first + at < to.stride) {
            *reinterpret_cast<unsigned*>(to_values + dim * to.stride + first + at) =
                *reinterpret_cast<const unsigned*>(&tile[dim][at]);
        }
    }
}

}  // namespace

void attention_quantize_cuda(const KvView& from, int64_t heads, int64_t begin, const Fp8Slots& to,
                             GpuStream stream) {
    begin = begin / kTileSlots * kTileSlots;
    const dim3 blocks(static_cast<unsigned>((from.slots - begin + kTileSlots - 1) / kTileSlots),
                      static_cast<unsigned>(heads));
    attention_quantize_kernel<<<blocks, 256, 0, stream>>>(from, begin, from.slots, to);
    cuda_check_launch("attention_quantize");
}

}  // namespace longtake::diffusion
