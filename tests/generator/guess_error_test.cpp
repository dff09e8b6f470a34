#include "generator/cache/guess_error.h"

#include "core/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace longtake::generator {
namespace {

using ::testing::Each;
using ::testing::FloatNear;

// Two frames of two channels, 4 x 6: tokens of 2 x 2, three a row. The guess is zero.
struct Guessed {
    Tensor guess = Tensor::zeros({2, 2, 4, 6}), clean = guess.clone();
    float& at(int64_t frame, int64_t channel, int64_t y, int64_t x) {
        return clean.data<float>()[((frame * 2 + channel) * 4 + y) * 6 + x];
    }
    std::vector<float> scores(bool whole_frames = false, float bonus = 0) const {
        Tensor scores({12}, DType::F32);
        score_guess(
            guess, clean,
            {.tokens = 6, .height = 2, .width = 2, .whole_frames = whole_frames, .bonus = bonus},
            scores);
        return {scores.data<float>(), scores.data<float>() + 12};
    }
};

TEST(GuessError, ATokenScoresTheErrorOfItsOwnCells) {
    Guessed g;
    const float nothing = std::log(1e-12F);
    EXPECT_THAT(g.scores(), Each(nothing));
    g.at(1, 1, 3, 4) = -2;  // row 1, column 2 of the second frame: one of eight numbers
    auto expected = std::vector<float>(12, nothing);
    expected[6 + 5] = std::log(4.0F / 8);
    EXPECT_EQ(g.scores(), expected);
    g.at(0, 0, 0, 1) = 1;
    g.at(0, 1, 1, 0) = 3;
    expected[0] = std::log(10.0F / 8);
    EXPECT_EQ(g.scores(), expected);
    for (float& e : expected) {
        e += 1.5F;
    }
    EXPECT_EQ(g.scores(false, 1.5F), expected);
}

TEST(GuessError, TokensOfAFrameShareItsError) {
    Guessed g;
    g.at(0, 0, 0, 1) = 1;
    g.at(1, 1, 3, 4) = -2;
    const auto scores = g.scores(true);
    EXPECT_THAT(std::vector(scores.begin(), scores.begin() + 6),
                Each(FloatNear(std::log(1.0F / 48), 1e-6F)));
    EXPECT_THAT(std::vector(scores.begin() + 6, scores.end()),
                Each(FloatNear(std::log(4.0F / 48), 1e-6F)));
}

TEST(GuessError, ShapesMustAgree) {
    const Guessed g;
    Tensor scores({12}, DType::F32);
    EXPECT_THROW(score_guess(g.guess, g.clean, {.tokens = 5, .height = 2, .width = 2}, scores),
                 Error);
    EXPECT_THROW(score_guess(g.guess, Tensor::zeros({1, 2, 4, 6}),
                             {.tokens = 6, .height = 2, .width = 2}, scores),
                 Error);
}

}  // namespace
}  // namespace longtake::generator
