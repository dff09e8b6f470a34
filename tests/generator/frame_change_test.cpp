#include "generator/cache/frame_change.h"

#include "core/error.h"
#include "generator/noise.h"

#include <gtest/gtest.h>

#include <cmath>

namespace longtake::generator {
namespace {

// Three heads of 4, frames of six tokens in three patches, of which two frames are scored.
TEST(FrameChange, APatchScoresTheMeanOfItsTokensCosines) {
    constexpr int64_t kHeads = 3, kDim = 4, kStride = 20, kTokens = 6;
    Tensor keys({kHeads, kStride, kDim}, DType::F32), scores({12}, DType::F32);
    fill_gaussian({.seed = 1}, keys.values<float>());
    FrameChange how{.tokens = kTokens, .patches = 3, .voters = {}};
    how.voters.add(0);
    how.voters.add(2);
    score_change({keys.raw(), nullptr, 20, kStride, DType::F32}, {1, 13}, kHeads, kDim, how,
                 scores);
    for (int64_t patch = 0; patch < 6; ++patch) {
        double expected = 1;
        for (int64_t slot = 1 + 2 * patch; slot < 3 + 2 * patch; ++slot) {
            double ab = 0, aa = 0, bb = 0;
            for (const int64_t head : {0, 2}) {
                for (int64_t d = 0; d < kDim; ++d) {
                    const double a = keys.data<float>()[(head * kStride + slot) * kDim + d];
                    const double b =
                        keys.data<float>()[(head * kStride + slot + kTokens) * kDim + d];
                    ab += a * b, aa += a * a, bb += b * b;
                }
            }
            expected -= ab / std::sqrt(aa * bb) / 2;
        }
        EXPECT_NEAR(scores.data<float>()[2 * patch], expected, 1e-6);
        EXPECT_EQ(scores.data<float>()[2 * patch], scores.data<float>()[2 * patch + 1]);
    }
}

TEST(FrameChange, TheFrameAfterMustBeThere) {
    Tensor keys({1, 20, 4}, DType::F32), scores({12}, DType::F32);
    const FrameChange how{.tokens = 6, .patches = 3, .voters = {}};
    EXPECT_THROW(
        score_change({keys.raw(), nullptr, 18, 20, DType::F32}, {1, 13}, 1, 4, how, scores), Error);
    EXPECT_THROW(
        score_change({keys.raw(), nullptr, 20, 20, DType::F32}, {1, 12}, 1, 4, how, scores), Error);
}

}  // namespace
}  // namespace longtake::generator
