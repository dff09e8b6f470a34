#include "diffusion/ops/conv2d.h"
#include "diffusion/ops/norm_silu.h"
#include "tests/diffusion/cuda_testing.h"

#include <ostream>

// Convolutions on the GPU against the same ones on the CPU in fp32.
namespace longtake::diffusion {
namespace {

struct Case {
    const char* name;
    Shape kernel;  // [out, in, (kt,) kh, kw]
    ConvOptions options;
    bool normed = false;
};

void PrintTo(const Case& c, std::ostream* out) {
    *out << c.name;
}

constexpr ConvPadding kNone{0, 0, 0, 0};

const std::vector<Case> kCases{
    {"Plain3x3", {20, 12, 3, 3}, {}},
    {"Wide", {64, 64, 3, 3}, {}},
    {"OneDeepStage", {96, 32, 3, 3}, {.relu = true}},
    {"ThreeFrames", {96, 96, 3, 3, 3}, {.residual = true}},
    {"Normed", {96, 96, 3, 3, 3}, {}, true},
    {"NormedWide", {192, 192, 3, 3, 3}, {.residual = true}, true},
    {"NormedByItself", {384, 64, 3, 3, 3}, {}, true},
    {"NormedOdd", {20, 12, 3, 3, 3}, {}, true},
    {"Large", {384, 384, 3, 3, 3}, {.residual = true}},
    {"FromLatents", {384, 16, 3, 3, 3}, {}},
    {"ResidualThenRelu", {128, 128, 3, 3}, {.residual = true, .relu = true}},
    {"OverTwoFrames", {256, 256, 2, 3, 3}, {.relu = true}},
    {"Stride2", {64, 64, 3, 3}, {.stride = 2}},
    {"Stride2AtTheEnd", {96, 96, 3, 3}, {.stride = 2, .padding = {0, 0, 1, 1}}},
    {"PairsOfFramesStride2", {64, 64, 2, 3, 3}, {.stride = 2, .time_stride = 2}},
    {"OverTime", {768, 384, 3, 1, 1}, {.padding = kNone, .placement = {.frames = 2}}},
    {"EverySecondFrame", {192, 192, 3, 1, 1}, {.time_stride = 2, .padding = kNone}},
    {"Pointwise", {1152, 384, 1, 1}, {.padding = kNone}},
    {"Corner", {192, 384, 2, 2}, {.padding = {1, 0, 0, 1}, .placement = {2, 0, 1}}},
    {"CornerOfTwoFrames",
     {128, 64, 2, 2},
     {.padding = {0, 1, 1, 0}, .relu = true, .placement = {2, 1, 0, 2}}},
    {"SmallCorner", {24, 12, 2, 2}, {.padding = {0, 1, 1, 0}, .placement = {2, 1, 1, 2}}},
    {"Narrow", {32, 32, 3, 3}, {}},
    {"Sixteen", {48, 64, 3, 3}, {.residual = true}},
    {"ToColours", {3, 96, 3, 3, 3}, {.fp32_result = true}},
    {"ToSquares", {12, 64, 4, 4}, {.stride = 2, .fp32_result = true}},
    {"FromColours", {96, 3, 3, 3, 3}, {}},
};

class CudaConv2d : public testing::TestWithParam<std::tuple<Case, DType>> {};

TEST_P(CudaConv2d, EqualsTheCpu) {
    LONGTAKE_NEEDS_GPU();
    auto [c, compute] = GetParam();
    const Shape& k = c.kernel;
    const int64_t taps = k.count() / (k[0] * k[1]), in = k[1];
    // Rounded to what the GPU computes in; the CPU is exact on that.
    const Tensor w = random_tensor(k, 1, compute, 1.F / std::sqrt(static_cast<float>(taps * in)));
    const Tensor b = random_tensor({k[0]}, 2);
    c.options.gain = c.normed ? random_tensor({k[0]}, 5) : Tensor();
    const Conv2d here(w, b, c.options, DType::F32);
    const Conv2d there(w, b, c.options, compute, Device::Cuda);
    Workspace cpu, gpu(Device::Cuda);
    for (const auto& [height, width] : {std::pair<int64_t, int64_t>{7, 9}, {16, 32}, {35, 70}}) {
        const Tensor x = random_tensor({4, height, width, in}, 3, compute);
        const auto here_plan = here.plan(4, height, width);
        const auto there_plan = there.plan(4, height, width);
        const Tensor residual = random_tensor(here_plan->output(), 4, compute);
        const Tensor gpu_residual = residual.to(Device::Cuda), wide = residual.to(DType::F32);
        const bool adds = c.options.residual;
        Tensor expected(here_plan->output(), DType::F32);
        Tensor actual = poisoned(expected.shape(), there_plan->output_type(), Device::Cpu);
        if (!c.options.placement.plain()) {  // it does not write all of y
            expected = Tensor::zeros(expected.shape());
            actual = Tensor::zeros(actual.shape(), actual.dtype());
        }
        actual = actual.to(Device::Cuda);
        (*here_plan)(x.to(DType::F32), 0, adds ? &wide : nullptr, expected, cpu);
        (*there_plan)(x.to(Device::Cuda), 0, adds ? &gpu_residual : nullptr, actual, gpu);
        gpu.synchronize();
        EXPECT_LT(error_of(actual, expected), bound(compute)) << height << " x " << width;
    }
}

INSTANTIATE_TEST_SUITE_P(All, CudaConv2d,
                         testing::Combine(testing::ValuesIn(kCases),
                                          testing::Values(DType::F32, DType::BF16)),
                         [](const testing::TestParamInfo<CudaConv2d::ParamType>& test) {
                             return std::string(std::get<0>(test.param).name) +
                                    (std::get<1>(test.param) == DType::F32 ? "Fp32" : "Bf16");
                         });

TEST(CudaRing, FramesGoRoundItsEndBitForBit) {
    LONGTAKE_NEEDS_GPU();
    Workspace gpu(Device::Cuda);
    for (const DType compute : kTypes) {
        for (const int64_t channels : {20, 96}) {
            const Conv2d conv(random_tensor({channels, channels, 3, 3, 3}, 1),
                              random_tensor({channels}, 2), {}, compute, Device::Cuda);
            const Tensor frames = random_tensor({4, 20, 18, channels}, 3, compute);
            const auto plan = conv.plan(4, 20, 18);
            Tensor expected(plan->output(), compute, Device::Cuda);
            (*plan)(frames.to(Device::Cuda), expected, gpu);
            gpu.synchronize();
            for (const int64_t first : {1, 3, 4}) {
                Tensor ring(frames.shape().with(0, 5), compute);
                for (int64_t i = 0; i < 4; ++i) {
                    const Tensor from = frames.slice(i, i + 1);
                    const int64_t at = (first + i) % 5;
                    std::memcpy(ring.slice(at, at + 1).raw(), from.raw(), from.bytes());
                }
                Tensor actual = poisoned(plan->output(), compute, Device::Cuda);
                (*plan)(ring.to(Device::Cuda), first, nullptr, actual, gpu);
                gpu.synchronize();
                EXPECT_TRUE(same_bits(actual.to(Device::Cpu), expected.to(Device::Cpu))) << first;
            }
        }
    }
}

TEST(CudaNormSilu, EqualsTheCpu) {
    LONGTAKE_NEEDS_GPU();
    const Workspace gpu(Device::Cuda);
    for (const DType dtype : kTypes) {
        for (const int64_t channels : {4, 12, 96, 192, 384, 100}) {
            const Tensor x = random_tensor({3, 5, 7, channels}, 1, dtype, 3.F);
            const Tensor gain = random_tensor({channels}, 2);
            for (const bool silu : {false, true}) {
                Tensor expected(x.shape(), dtype);
                Tensor actual = poisoned(x.shape(), dtype, Device::Cuda);
                norm_silu(x, gain, silu, expected);
                norm_silu(x.to(Device::Cuda), gain.to(Device::Cuda), silu, actual, gpu.stream());
                gpu.synchronize();
                EXPECT_LT(error_of(actual, expected), bound(dtype)) << channels;
            }
        }
    }
}

}  // namespace
}  // namespace longtake::diffusion
