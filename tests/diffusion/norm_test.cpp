#include "core/error.h"
#include "diffusion/ops/layer_norm.h"
#include "diffusion/ops/rms_norm.h"
#include "diffusion/ops/timestep_embedding.h"
#include "tests/diffusion/testing.h"

#include <array>
#include <complex>

namespace longtake::diffusion {
namespace {

TEST(LayerNorm, EqualsItsDefinition) {
    const Tensor x = random_tensor({5, 50}, 1, DType::F32, 3.F);
    const Tensor gain = random_tensor({50}, 2), bias = random_tensor({50}, 3);
    Tensor out(x.shape(), DType::F32), rounded(x.shape(), DType::BF16);
    layer_norm(x, gain, bias, 1e-6, out);
    layer_norm(x, gain, bias, 1e-6, rounded);
    for (int64_t r = 0; r < 5; ++r) {
        const float* row = x.data<float>() + r * 50;
        double mean = 0, variance = 0;
        for (int64_t i = 0; i < 50; ++i) {
            mean += row[i] / 50.0;
        }
        for (int64_t i = 0; i < 50; ++i) {
            variance += (row[i] - mean) * (row[i] - mean) / 50;
        }
        for (int64_t i = 0; i < 50; ++i) {
            const double y = (row[i] - mean) / std::sqrt(variance + 1e-6) * gain.data<float>()[i] +
                             bias.data<float>()[i];
            EXPECT_NEAR(out.data<float>()[r * 50 + i], y, 2e-6);
        }
    }
    EXPECT_TRUE(same_bits(rounded, out.to(DType::BF16)));
    Tensor narrow({5, 49}, DType::F32);
    EXPECT_THROW(layer_norm(x, gain, bias, 1e-6, narrow), Error);
}

// Two heads of 12: 2 time, 2 height and 2 width pairs each; a grid of 2 x 3 tokens.
struct Rotated {
    static constexpr int64_t kHeads = 2, kDim = 12, kHeight = 2, kWidth = 3;
    Tensor x = random_tensor({2 * kHeight * kWidth, 40}, 1);
    Tensor weight = random_tensor({kHeads * kDim}, 2);
    Tensor out = Tensor({2 * kHeight * kWidth, kHeads, kDim}, DType::F32);
    RopeTable table = RopeTable(kDim, kHeight, kWidth);
    std::array<double, 2> times{7.0, 1e6 + 0.25};  // any position, no table that ends

    double expected(int64_t token, int64_t head, int64_t i, bool time) const {
        const float* row = x.data<float>() + token * 40 + 5;  // column 5
        double squares = 0;
        for (int64_t k = 0; k < kHeads * kDim; ++k) {  // over all heads
            squares += double{row[k]} * row[k];
        }
        const auto normed = [&](int64_t k) {
            const int64_t at = head * kDim + k;
            return row[at] / std::sqrt(squares / (kHeads * kDim) + 1e-6) * weight.data<float>()[at];
        };
        const int64_t pair = i / 2, axis = pair / 2;
        const double position[] = {time ? times[static_cast<size_t>(token / 6)] : 0,
                                   static_cast<double>(token % 6 / 3),
                                   static_cast<double>(token % 3)};
        const double angle = position[axis] * std::pow(10000.0, -static_cast<double>(pair % 2) / 2);
        const auto turned =
            std::complex(normed(2 * pair), normed(2 * pair + 1)) * std::polar(1.0, angle);
        return i % 2 == 0 ? turned.real() : turned.imag();
    }
};

TEST(RmsNorm, NormalizesOverAllHeadsAndRotatesEachHead) {
    Rotated t;
    t.table.set_time(t.times);
    for (const bool time : {false, true}) {
        rms_norm(t.x, 5, t.weight, 1e-6, t.out, time ? Rotation::SpaceAndTime : Rotation::Space,
                 &t.table);
        for (int64_t i = 0; i < t.out.count(); ++i) {
            EXPECT_NEAR(t.out.data<float>()[i], t.expected(i / 24, i / 12 % 2, i % 12, time), 2e-6)
                << i;
        }
    }
}

TEST(RmsNorm, WithoutRotationIsThePlainNorm) {
    Rotated t;
    rms_norm(t.x, 5, t.weight, 1e-6, t.out);
    EXPECT_NEAR(t.out.data<float>()[1], t.expected(0, 0, 1, false), 2e-6);  // token 0 is at zero
    Tensor rounded(t.out.shape(), DType::BF16);
    rms_norm(t.x, 5, t.weight, 1e-6, rounded);
    EXPECT_TRUE(same_bits(rounded, t.out.to(DType::BF16)));
    EXPECT_THROW(rms_norm(t.x, 17, t.weight, 1e-6, t.out), Error);
    EXPECT_THROW(rms_norm(t.x, 5, t.weight, 1e-6, t.out, Rotation::Space), Error);
}

TEST(Rope, TimeAfterSpaceIsBothAtOnce) {
    Rotated t;
    t.table.set_time(t.times);
    Tensor space(t.out.shape(), DType::F32);
    rms_norm(t.x, 5, t.weight, 1e-6, space, Rotation::Space, &t.table);
    rms_norm(t.x, 5, t.weight, 1e-6, t.out, Rotation::SpaceAndTime, &t.table);
    for (int64_t frame = 0; frame < 2; ++frame) {
        Tensor rows = space.slice(6 * frame, 6 * frame + 6).reshape({1, 12, 12});
        rope_time(rows, std::array{t.times[static_cast<size_t>(frame)]}, rows);
    }
    EXPECT_LT(max_difference(space, t.out), 1e-6F);
}

TEST(Rope, TurningByTheDifferenceIsStandingThere) {
    const Tensor keys = random_tensor({3, 8, 64}, 1);
    Tensor there(keys.shape(), DType::F32), moved(keys.shape(), DType::F32);
    rope_time(keys, std::array{1000.0, 2011.0}, there);
    rope_time(keys, std::array{1000.0 - 37.5, 2011.0 - 37.5}, moved);
    rope_time(moved, std::array{37.5}, moved);
    EXPECT_LT(max_difference(there, moved), 2e-6F);
    // Only the 22 time pairs' share of the head moves: 64 / 2 - 2 * 10 = 12 pairs.
    for (int64_t i = 0; i < 64; ++i) {
        EXPECT_EQ(there.data<float>()[i] == keys.data<float>()[i], i >= 24) << i;
    }
}

TEST(Rope, SplitsAHeadAsWanDoes) {
    EXPECT_EQ(RopeAxes(128).time, 22);
    EXPECT_EQ(RopeAxes(128).height, 21);
    EXPECT_EQ(RopeAxes(128).width, 21);
    EXPECT_EQ(RopeAxes(64).time, 12);
    EXPECT_EQ(RopeAxes(24).pairs(), 12);
    EXPECT_THROW(RopeTable(7, 1, 1), Error);
}

TEST(TimestepEmbedding, PutsCosinesFirstAndRoundsLast) {
    Tensor wave({256}, DType::F32), rounded({256}, DType::BF16);
    timestep_embedding(937.5, wave);
    timestep_embedding(937.5, rounded);
    for (const int i : {0, 1, 64, 127}) {
        const double angle = 937.5 * std::pow(10000.0, -i / 128.0);
        EXPECT_FLOAT_EQ(wave.data<float>()[i], static_cast<float>(std::cos(angle)));
        EXPECT_FLOAT_EQ(wave.data<float>()[128 + i], static_cast<float>(std::sin(angle)));
    }
    EXPECT_TRUE(same_bits(rounded, wave.to(DType::BF16)));
    Tensor odd({3}, DType::F32);
    EXPECT_THROW(timestep_embedding(1, odd), Error);
}

TEST(Silu, EqualsItsDefinition) {
    const Tensor x = Tensor::from(std::array{-100.F, -1.F, 0.F, 2.F}, {4});
    Tensor y({4}, DType::F32);
    silu(x, y);
    const std::array expected{0.F, -0.26894143F, 0.F, 1.7615942F};
    for (size_t i = 0; i < 4; ++i) {
        EXPECT_NEAR(y.data<float>()[i], expected[i], 3e-7);
    }
}

}  // namespace
}  // namespace longtake::diffusion
