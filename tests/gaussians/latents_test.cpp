#include "gaussians/train/latents.h"

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

TEST(Latents, StartWithNothing) {
    const Latents latents = Latents::start(5, 4, 24, 0.1, Device::Cpu, 3);
    Tensor rest = random({5, 8, 3}, 1, 1);
    decode_latents(latents, {}, rest);
    for (const float v : rest.values<float>()) {
        EXPECT_EQ(v, 0);
    }
    EXPECT_THROW(Latents::start(5, 4, 0, 0.1, Device::Cpu, 3), Error);
    EXPECT_THROW(Latents::start(5, 13, 45, 0.1, Device::Cpu, 3), Error);
}

TEST(Latents, AreRoundedBeforeTheMatrix) {
    Latents latents{.values = Tensor::from(std::vector<float>{0.4F, -1.7F, 2.6F, 0.5F}, {2, 2}),
                    .matrix = random({2, 9}, 2, 1),
                    .shift = random({9}, 3, 1)};
    Tensor rest({2, 3, 3}, DType::F32);
    decode_latents(latents, {}, rest);
    const auto matrix = latents.matrix.values<float>(), shift = latents.shift.values<float>();
    for (std::size_t f = 0; f < 9; ++f) {
        EXPECT_FLOAT_EQ(rest.values<float>()[f], shift[f] - 2 * matrix[9 + f]);
        EXPECT_FLOAT_EQ(rest.values<float>()[9 + f], shift[f] + 3 * matrix[f]);  // 0.5 goes to even
    }
}

// Of sum(by * rest), against the definition in fp64; more rows than are added up at once.
TEST(Latents, MoreThanCanBeLearntAreRefused) {
    const Latents wide{.values = Tensor::zeros({5, 45}),
                       .matrix = Tensor::zeros({45, 45}),
                       .shift = Tensor::zeros({45})};
    Tensor column = Tensor::zeros({5, 45});
    Latents gradient;
    EXPECT_THROW(decode_latents(wide, {}, column), Error);
    EXPECT_THROW(decode_latents_backward(wide, {}, column, gradient, nullptr), Error);
}

TEST(Latents, GradientPassesThroughTheRounding) {
    constexpr int64_t kRows = 3000, kLatents = 12, kFeatures = 45;
    const Latents latents{.values = random({kRows, kLatents}, 4, 2),
                          .matrix = random({kLatents, kFeatures}, 5, 1),
                          .shift = random({kFeatures}, 6, 1)};
    const Tensor by = random({kRows, kFeatures / 3, 3}, 7, 1);
    Latents gradient;
    decode_latents_backward(latents, {}, by, gradient);
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

// A closed gate leaves what was before, but for the shift; one that is ajar comes before rounding.
TEST(Latents, GatesComeBeforeTheRounding) {
    const Latents latents{.values = Tensor::from(std::vector<float>{9, -7, 2, 3}, {2, 2}),
                          .matrix = random({2, 3}, 2, 1),
                          .shift = random({3}, 3, 1)};
    const Tensor before = random({2, 3}, 4, 1);
    const Tensor gates = Tensor::from(std::vector<float>{0, 0.3F}, {2});
    Tensor column({2, 3}, DType::F32);
    decode_latents(latents, {.before = before, .gates = gates}, column);
    const auto at = [](const Tensor& t, std::size_t i) { return t.values<float>()[i]; };
    for (std::size_t f = 0; f < 3; ++f) {
        EXPECT_EQ(at(column, f), at(latents.shift, f) + at(before, f));
        const float second = at(latents.matrix, f) + at(latents.matrix, 3 + f);  // 0.6 and 0.9
        EXPECT_FLOAT_EQ(at(column, 3 + f), second + at(latents.shift, f) + at(before, 3 + f));
    }
}

TEST(Latents, GradientPassesThroughTheGates) {
    const Latents latents{
        .values = random({5, 4}, 1, 2), .matrix = random({4, 3}, 2, 1), .shift = random({3}, 3, 1)};
    const Tensor gates = Tensor::from(std::vector<float>{0, 0.3F, 1, 0.9F, 0.5F}, {5});
    const Tensor by = random({5, 3}, 4, 1);
    Latents gradient;
    Tensor by_gates = Tensor::from(std::vector<float>(5, 10), {5});
    EXPECT_THROW(decode_latents_backward(latents, {.gates = gates}, by, gradient), Error);
    decode_latents_backward(latents, {.gates = gates}, by, gradient, &by_gates);
    for (std::size_t i = 0; i < 5; ++i) {
        double by_gate = 10;
        for (std::size_t l = 0; l < 4; ++l) {
            double slope = 0;
            for (std::size_t f = 0; f < 3; ++f) {
                slope += static_cast<double>(latents.matrix.values<float>()[3 * l + f]) *
                         static_cast<double>(by.values<float>()[3 * i + f]);
            }
            by_gate += slope * static_cast<double>(latents.values.values<float>()[4 * i + l]);
            EXPECT_NEAR(gradient.values.values<float>()[4 * i + l],
                        slope * static_cast<double>(gates.values<float>()[i]), 1e-5);
        }
        EXPECT_NEAR(by_gates.values<float>()[i], by_gate, 1e-5);
    }
}

}  // namespace
}  // namespace longtake::gaussians
