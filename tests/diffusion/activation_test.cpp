#include "diffusion/ops/activation.h"

#include "core/error.h"
#include "diffusion/ops/add.h"
#include "tests/diffusion/testing.h"

#include <array>

namespace longtake::diffusion {
namespace {

// torch.nn.functional.gelu and transformers' quick_gelu, in double precision.
TEST(Activation, EqualsPyTorch) {
    const Tensor x = Tensor::from(std::array{-6.F, -1.F, -0.1F, 0.F, 0.5F, 2.F, 9.F}, {7});
    const Tensor gelu = Tensor::from(
        std::array{-5.9195259e-9F, -0.15865525F, -0.04601721F, 0.F, 0.34573123F, 1.95449974F, 9.F},
        {7});
    const Tensor quick = Tensor::from(std::array{-2.2035355e-4F, -0.15420423F, -0.04575524F, 0.F,
                                                 0.35038844F, 1.93565863F, 8.99999800F},
                                      {7});
    Tensor out({7}, DType::F32), rounded({7}, DType::BF16);
    activate(x, Activation::Gelu, out);
    EXPECT_LT(max_difference(out, gelu), 1e-6F);
    activate(x, Activation::QuickGelu, out);
    EXPECT_LT(max_difference(out, quick), 2e-6F);
    activate(x, Activation::QuickGelu, rounded);
    EXPECT_TRUE(same_bits(rounded, out.to(DType::BF16)));
}

TEST(Add, SumsInBothTypes) {
    const Tensor a = random_tensor({3, 5000}, 1), b = random_tensor({3, 5000}, 2);
    Tensor sum = b.clone(), narrow = b.to(DType::BF16);
    add(a, sum);
    EXPECT_EQ(sum.data<float>()[7000], a.data<float>()[7000] + b.data<float>()[7000]);
    add(a.to(DType::BF16), narrow);
    EXPECT_LT(max_difference(narrow.to(DType::F32), sum), 0.05F);
    EXPECT_THROW(add(a, narrow), Error);
}

}  // namespace
}  // namespace longtake::diffusion
