#include "diffusion/ops/row_kernels.h"
#include "diffusion/ops/rope.h"
#include "tests/diffusion/testing.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>

namespace longtake::diffusion {
namespace {

constexpr int64_t kHeadDim = 32, kWidth = 3 * kHeadDim;

// Each kernel the machine can run, against the plain loops.
class Rows : public testing::TestWithParam<const RowKernels*> {
  protected:
    const RowKernels& fast = *GetParam();
    const RowKernels& plain = *all_row_kernels().back();
    Tensor gain = random_tensor({kWidth}, 2), bias = random_tensor({kWidth}, 3);

    // Runs `apply(kernels, out)` for both; the largest difference.
    template <typename Apply> static float difference(DType type, Apply&& apply, const Rows& t) {
        Tensor a = Tensor::zeros({kWidth}, type), b = a.clone();
        apply(t.fast, a.raw());
        apply(t.plain, b.raw());
        return max_difference(a.to(DType::F32), b.to(DType::F32));
    }
    // A step of bf16 between 4 and 8; fp32 measured 2e-6.
    static float bound(DType type) { return type == DType::BF16 ? 3.2e-2F : 8e-6F; }
};

std::string name(const testing::TestParamInfo<const RowKernels*>& kernels) {
    return kernels.param->name;
}
INSTANTIATE_TEST_SUITE_P(Kernels, Rows, testing::ValuesIn(all_row_kernels()), name);

TEST_P(Rows, LayerNorm) {
    const Tensor x = random_tensor({kWidth}, 1, DType::F32, 3.F);
    for (const DType out : {DType::F32, DType::BF16}) {
        const auto run = [&](const RowKernels& k, void* y) {
            k.layer_norm[out](x.data<float>(), gain.data<float>(), bias.data<float>(), kWidth,
                              1e-6F, y);
        };
        EXPECT_LE(difference(out, run, *this), bound(out));
    }
}

TEST_P(Rows, RmsNormAndTurn) {
    std::array<float, kHeadDim> cosines, sines;
    time_turn(3.5, kHeadDim, kRopeTheta, cosines.data(), sines.data());
    const HeadTurn turns[] = {{}, {cosines.data(), sines.data()}};
    for (const DType in : {DType::F32, DType::BF16}) {
        const Tensor x = random_tensor({kWidth}, 1, in, 3.F);
        for (const HeadTurn& turn : turns) {
            for (const DType out : {DType::F32, DType::BF16}) {
                const auto run = [&](const RowKernels& k, void* y) {
                    k.rms_norm[in][out](x.raw(), gain.data<float>(), kWidth, 1e-6F, turn, kHeadDim,
                                        y);
                };
                EXPECT_LE(difference(out, run, *this), bound(out));
            }
        }
        const auto turn = [&](const RowKernels& k, void* y) {
            k.turn[in](x.raw(), 3, turns[1], kHeadDim, y);
        };
        EXPECT_LE(difference(in, turn, *this), bound(in));
    }
}

TEST_P(Rows, GeluOfAllSizes) {
    for (const DType type : {DType::F32, DType::BF16}) {
        Tensor x = random_tensor({kWidth}, 1, DType::F32, 3.F);
        const float extremes[] = {-1e4F, -40.F, -12.F, -1e-3F, 0.F, 1e-3F, 12.F, 40.F};
        std::ranges::copy(extremes, x.data<float>());
        const Tensor from = x.to(type);
        const auto run = [&](const RowKernels& k, void* y) {
            std::memcpy(y, from.raw(), from.bytes());
            k.gelu[type](y, kWidth);
        };
        EXPECT_LE(difference(type, run, *this), bound(type));
    }
}

TEST_P(Rows, RoundToNearestEvenAndKeepNan) {
    const Tensor x = random_tensor({kWidth}, 1), nothing = Tensor::zeros({kWidth});
    const float hard[] = {1.00390625F, 1.01171875F, -1.00390625F,
                          std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::quiet_NaN()};
    std::ranges::copy(hard, bias.data<float>());
    Tensor y({kWidth}, DType::BF16);
    fast.layer_norm.bf16(x.data<float>(), nothing.data<float>(), bias.data<float>(), kWidth, 1e-6F,
                         y.raw());
    EXPECT_TRUE(same_bits(y, bias.to(DType::BF16)));
}

}  // namespace
}  // namespace longtake::diffusion
