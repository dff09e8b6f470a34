#include "diffusion/ops/conv2d_hopper_kernel.cuh"
#include "diffusion/ops/tensor_map_cuda.h"

#include <algorithm>
#include <array>

namespace longtake::diffusion {
namespace {

constexpr size_t kSharedBytes = 225 * 1024;  // for stages; of 227 KiB, and 1 is for aligning them

using Kernel = void (*)(TensorMap, TensorMap, ConvSource, ConvTarget, Tiles);

struct Variant {
    int columns, depth, blocks;
    DType y;
    Kernel kernel;
};

template <int kColumns, int kDepth, int kBlocks, typename Out = __nv_bfloat16>
constexpr Variant variant() {
    return {kColumns, kDepth, kBlocks, sizeof(Out) == 4 ? DType::F32 : DType::BF16,
            convolve_kernel<kColumns, kDepth, kBlocks, Out>};
}

constexpr std::array kVariants{
    variant<192, 64, 2>(),       variant<192, 64, 1>(),      variant<192, 32, 2>(),
    variant<192, 32, 1>(),       variant<128, 64, 2>(),      variant<128, 64, 1>(),
    variant<128, 32, 2>(),       variant<96, 64, 2>(),       variant<96, 64, 1>(),
    variant<96, 32, 2>(),        variant<96, 32, 1>(),       variant<64, 64, 2>(),
    variant<64, 64, 1>(),        variant<64, 32, 2>(),       variant<32, 64, 2>(),
    variant<32, 32, 2>(),        variant<16, 64, 2>(),       variant<16, 32, 2>(),
    variant<16, 64, 2, float>(), variant<16, 32, 2, float>()};

int lines_of(const Variant& v) {
    return kMultipliers * v.blocks * kBlockLines;
}

// Rows of the kernel that one box serves.
int64_t group_of(const ConvProblem& p) {
    return p.options.stride == 1 ? p.kernel[3] : 1;
}

size_t box_bytes(const ConvProblem& p, const Variant& v) {
    return static_cast<size_t>((lines_of(v) + group_of(p) - 1) * kTileWidth * v.depth) * 2;
}

size_t stage_bytes(const ConvProblem& p, const Variant& v) {
    return box_bytes(p, v) + static_cast<size_t>(group_of(p) * v.columns * v.depth) * 2;
}

int64_t divided_up(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

// An estimate in cycles: tensor cores do 2048 multiply-adds in one, 40 bytes arrive.
double cost_of(const ConvProblem& p, const Variant& v, int processors) {
    const int64_t tiles = p.results[0] * divided_up(p.results[1], lines_of(v)) *
                          divided_up(p.results[2], kTileWidth) *
                          divided_up(p.results[3], v.columns);
    const int64_t steps =
        p.kernel[2] * p.kernel[4] * (p.kernel[3] / group_of(p)) * divided_up(p.x[3], v.depth);
    const double products = static_cast<double>(lines_of(v) * kTileWidth * std::max(v.columns, 64) *
                                                v.depth * group_of(p)) /
                            2048;
    const double copies = static_cast<double>(stage_bytes(p, v)) / 40;
    return static_cast<double>(divided_up(tiles, processors)) *
           (static_cast<double>(steps) * std::max(products, copies) + 2000);
}

bool suits(const ConvProblem& p, const Variant& v) {
    const DType y = p.options.fp32_result ? DType::F32 : DType::BF16;
    const bool few = v.columns == 16;
    const int64_t part = p.kernel[0] / p.options.placement.frames;
    return v.y == y && (few || part % v.columns == 0) &&
           (v.depth == 32 || p.kernel[1] % v.depth == 0) && 2 * stage_bytes(p, v) <= kSharedBytes;
}

}  // namespace

std::unique_ptr<const ConvHopper> ConvHopper::plan(const ConvProblem& problem) {
#ifdef LONGTAKE_SM90A
    constexpr bool kBuilt = true;
#else
    constexpr bool kBuilt = false;
#endif
    const int major = cuda_attribute(cudaDevAttrComputeCapabilityMajor);
    const int processors = cuda_attribute(cudaDevAttrMultiProcessorCount);
    const Variant* best = nullptr;
    if (kBuilt && major == 9 && problem.compute == DType::BF16 && problem.kernel[1] % 8 == 0) {
        for (const Variant& v : kVariants) {
            if (suits(problem, v) && (best == nullptr || cost_of(problem, v, processors) <
                                                             cost_of(problem, *best, processors))) {
                best = &v;
            }
        }
    }
    if (best == nullptr) {
        return nullptr;
    }
    cuda_check(cudaFuncSetAttribute(best->kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                    kSharedBytes + 1024),
               "preparing a convolution");
    auto made = std::make_unique<ConvHopper>();
    made->variant_ = static_cast<size_t>(best - kVariants.data());
    made->processors_ = processors;
    made->norms_ = best->columns == problem.kernel[0] && best->columns >= 32;
    return made;
}

void ConvHopper::run(const ConvProblem& p, const ConvArguments& arguments) const {
    const Variant& v = kVariants[variant_];
    const ConvSource source = source_of(p, arguments);
    ConvTarget target = target_of(p, arguments);
    target.gain = norms_ ? target.gain : nullptr;
    const int64_t in = p.x[3], row = p.x[2] * in, taps = p.kernel[2] * p.kernel[3] * p.kernel[4];
    const auto depth = static_cast<uint32_t>(v.depth),
               stride = static_cast<uint32_t>(source.stride);
    const auto lines = static_cast<uint32_t>(lines_of(v) + group_of(p) - 1);
    const TensorMap x =
        tensor_map(arguments.ring.raw(), DType::BF16,
                   {in, p.x[2], p.x[1], arguments.ring.extent(0)}, {in, row, row * p.x[1]},
                   {depth, kTileWidth * stride, lines * stride, 1}, {1, stride, stride, 1});
    const TensorMap weight = tensor_map(p.weight.raw(), DType::BF16, {in, taps, p.kernel[0], 1},
                                        {in, taps * in, taps * in * p.kernel[0]},
                                        {depth, 1, static_cast<uint32_t>(v.columns), 1});
    Tiles tiles{
        .columns = static_cast<int>(divided_up(target.width, kTileWidth)),
        .channels = static_cast<int>(divided_up(target.channels, v.columns)),
        .total = 0,
        .stages = static_cast<int>(std::min<size_t>(kMaxStages, kSharedBytes / stage_bytes(p, v))),
        .group = static_cast<int>(group_of(p)),
        .box_bytes = static_cast<int>(box_bytes(p, v)),
        .stage_bytes = static_cast<int>(stage_bytes(p, v)),
        .chunks = static_cast<int>(divided_up(p.x[3], v.depth))};
    tiles.total = tiles.columns * static_cast<int>(divided_up(target.height, lines_of(v))) *
                  tiles.channels * target.frames;
    if (tiles.total == 0) {
        return;
    }
    v.kernel<<<static_cast<unsigned>(std::min(tiles.total, processors_)),
               (kMultipliers + 1) * kGroupThreads, kSharedBytes + 1024, arguments.stream>>>(
        x, weight, source, target, tiles);
    cuda_check_launch("conv2d");
}

}  // namespace longtake::diffusion
