#include "gaussians/train/rest_latents.h"

#include "core/error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace longtake::gaussians {
namespace {

Tensor random(const Shape& shape, unsigned seed, float scale) {
    std::mt19937 engine(seed);
    std::normal_distribution<float> normal(0, scale);
    Tensor tensor(shape, DType::F32);
    for (float& v : tensor.values<float>()) {
        v = normal(engine);
    }
    return tensor;
}

TEST(RestLatents, StartWithoutHarmonics) {
    const RestLatents latents = RestLatents::start(5, 4, 2, Device::Cpu, 3);
    Tensor rest = random({5, 8, 3}, 1, 1);
    decode_rest(latents, rest);
    for (const float v : rest.values<float>()) {
        EXPECT_EQ(v, 0);
    }
    EXPECT_THROW(RestLatents::start(5, 4, 0, Device::Cpu, 3), Error);
    EXPECT_THROW(RestLatents::start(5, 13, 3, Device::Cpu, 3), Error);
}

TEST(RestLatents, AreRoundedBeforeTheMatrix) {
    RestLatents latents{.values = Tensor::from(std::vector<float>{0.4F, -1.7F, 2.6F, 0.5F}, {2, 2}),
                        .matrix = random({2, 9}, 2, 1),
                        .shift = random({9}, 3, 1)};
    Tensor rest({2, 3, 3}, DType::F32);
    decode_rest(latents, rest);
    const auto matrix = latents.matrix.values<float>(), shift = latents.shift.values<float>();
    for (std::size_t f = 0; f < 9; ++f) {
        EXPECT_FLOAT_EQ(rest.values<float>()[f], shift[f] - 2 * matrix[9 + f]);
        EXPECT_FLOAT_EQ(rest.values<float>()[9 + f], shift[f] + 3 * matrix[f]);  // 0.5 goes to even
    }
}

// Of sum(by * rest), against the definition in fp64; more rows than are added up at once.
TEST(RestLatents, GradientPassesThroughTheRounding) {
    constexpr int64_t kRows = 3000, kLatents = 12, kFeatures = 45;
    const RestLatents latents{.values = random({kRows, kLatents}, 4, 2),
                              .matrix = random({kLatents, kFeatures}, 5, 1),
                              .shift = random({kFeatures}, 6, 1)};
    const Tensor by = random({kRows, kFeatures / 3, 3}, 7, 1);
    RestLatents gradient;
    decode_rest_backward(latents, by, gradient);
    const auto at = [&](const Tensor& t, int64_t i) {
        return static_cast<double>(t.data<float>()[i]);
    };
    for (const int64_t i : {int64_t{0}, int64_t{1023}, kRows - 1}) {
        for (int64_t l = 0; l < kLatents; ++l) {
            double sum = 0;
            for (int64_t f = 0; f < kFeatures; ++f) {
                sum += at(latents.matrix, l * kFeatures + f) * at(by, i * kFeatures + f);
            }
            EXPECT_NEAR(at(gradient.values, i * kLatents + l), sum, 1e-5 * kFeatures);
        }
    }
    for (int64_t f = 0; f < kFeatures; ++f) {
        double shift = 0, last = 0;
        for (int64_t i = 0; i < kRows; ++i) {
            shift += at(by, i * kFeatures + f);
            last += std::nearbyint(at(latents.values, i * kLatents + kLatents - 1)) *
                    at(by, i * kFeatures + f);
        }
        EXPECT_NEAR(at(gradient.shift, f), shift, 1e-3);
        EXPECT_NEAR(at(gradient.matrix, (kLatents - 1) * kFeatures + f), last, 1e-3);
    }
}

}  // namespace
}  // namespace longtake::gaussians
