#include "gaussians/codec/fixed_cloud.h"

#include "core/error.h"
#include "tests/gaussians/fixed_testing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace longtake::gaussians {
namespace {

TEST(FixedCloud, FloatsAreTheWholeNumbersTimesTheSteps) {
    const FixedCloud fixed = random_fixed(7, 1);
    const Cloud cloud = to_cloud(fixed);
    EXPECT_EQ(cloud.sh_degree(), 1);
    for (std::size_t i = 0; i < 21; ++i) {
        EXPECT_EQ(cloud.means.values<float>()[i],
                  static_cast<float>(fixed.means.values<int32_t>()[i]) * 0x1p-16F);
        EXPECT_EQ(cloud.sh_dc.values<float>()[i],
                  static_cast<float>(fixed.sh_dc.values<int32_t>()[i]) * 0x1p-20F);
    }
    const auto latents = fixed.rest.values<int32_t>();
    const auto matrix = fixed.rest_decoder.matrix.values<int32_t>();
    const auto shift = fixed.rest_decoder.shift.values<int32_t>();
    for (std::size_t f = 0; f < 9; ++f) {
        const int32_t sum = latents[12] * matrix[f] + latents[13] * matrix[9 + f] + shift[f];
        EXPECT_EQ(cloud.sh_rest.values<float>()[6 * 9 + f], static_cast<float>(sum) * 0x1p-20F);
    }
}

// Rounding is by half a step at most, and nothing is lost by going there and back.
TEST(FixedCloud, RoundsToTheNearest) {
    const FixedCloud fixed = random_fixed(50, 2);
    Cloud cloud = to_cloud(fixed);
    Latents rest{.values = Tensor({50, 2}, DType::F32),
                 .matrix = Tensor({2, 9}, DType::F32),
                 .shift = Tensor({9}, DType::F32)};
    for (std::size_t i = 0; i < 100; ++i) {
        rest.values.values<float>()[i] =
            static_cast<float>(fixed.rest.values<int32_t>()[i]) + (i % 2 == 0 ? 0.4F : -0.4F);
    }
    for (std::size_t i = 0; i < 18; ++i) {
        rest.matrix.values<float>()[i] =
            static_cast<float>(fixed.rest_decoder.matrix.values<int32_t>()[i]) * kFixedStep;
    }
    for (std::size_t i = 0; i < 9; ++i) {
        rest.shift.values<float>()[i] =
            static_cast<float>(fixed.rest_decoder.shift.values<int32_t>()[i]) * kFixedStep;
    }
    for (float& v : cloud.means.values<float>()) {
        v += 0.4F * fixed.mean_step;
    }
    EXPECT_TRUE(same(to_fixed(cloud, rest, fixed.mean_step), fixed));
}

TEST(FixedCloud, RefusesWhatDoesNotFit) {
    Cloud cloud = to_cloud(random_fixed(3, 3));
    const Latents rest = Latents::start(3, 2, 9, 0.1, Device::Cpu, 1);
    cloud.opacities.values<float>()[1] = 3000;  // 2048 is the most
    EXPECT_THROW(to_fixed(cloud, rest, 1), Error);
    cloud.opacities.values<float>()[1] = std::nanf("");
    EXPECT_THROW(to_fixed(cloud, rest, 1), Error);
}

TEST(FixedCloud, StepIsAPowerOfTwo) {
    EXPECT_EQ(mean_step_of(1.1), 0x1p-18F);
    EXPECT_EQ(mean_step_of(7.9), 0x1p-16F);
}

}  // namespace
}  // namespace longtake::gaussians
