#include "generator/cache/participation.h"

#include "core/error.h"
#include "generator/noise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace longtake::generator {
namespace {

using ::testing::ElementsAre;

TEST(Participation, ScoresAreTheScaledDotProducts) {
    constexpr int64_t kHeads = 3, kDim = 8, kStride = 20, kRows = 5;
    Tensor queries({kRows, kHeads, kDim}, DType::F32);
    Tensor keys({kHeads, kStride, kDim}, DType::F32);
    fill_gaussian({.seed = 1}, queries.values<float>());
    fill_gaussian({.seed = 2}, keys.values<float>());
    for (const DType dtype : {DType::F32, DType::BF16}) {
        const Tensor q = queries.to(dtype), k = keys.to(dtype);
        std::vector<float> sums(kHeads * kDim, 1.0f), scores(7);
        add_queries(q, {1, 4}, sums);
        score_slots({k.raw(), nullptr, 15, kStride, dtype}, kHeads, kDim, {6, 13}, sums, scores);
        const Tensor q32 = q.to(DType::F32), k32 = k.to(DType::F32);
        for (int64_t j = 6; j < 13; ++j) {
            double expected = 0;
            for (int64_t h = 0; h < kHeads; ++h) {
                for (int64_t d = 0; d < kDim; ++d) {
                    double sum = 1;
                    for (int64_t r = 1; r < 4; ++r) {
                        sum += q32.data<float>()[(r * kHeads + h) * kDim + d];
                    }
                    expected += sum * k32.data<float>()[(h * kStride + j) * kDim + d];
                }
            }
            EXPECT_NEAR(scores[static_cast<size_t>(j - 6)], expected / (std::sqrt(8.0) * kHeads),
                        1e-5);
        }
    }
}

TEST(Participation, TheBestComeBackInOrder) {
    const std::vector<float> scores{3, 1, 4, 1, 5, 9, 2, 6};
    const std::vector<uint8_t> reuse(8, 0);
    std::vector<int32_t> order;
    EXPECT_THAT(select_top(scores, reuse, 7, 3, order), ElementsAre(4, 5, 7));
    EXPECT_THAT(select_top(scores, reuse, 7, 0, order), ElementsAre());
    EXPECT_EQ(select_top(scores, reuse, 7, 8, order).size(), 8u);
    EXPECT_THROW(select_top(scores, reuse, 7, 9, order), Error);
}

TEST(Participation, EqualScoresGoToTheLowerSlot) {
    const std::vector<float> scores{1, 2, 1, 1, 2};
    std::vector<int32_t> order;
    EXPECT_THAT(select_top(scores, std::vector<uint8_t>(5), 0, 3, order), ElementsAre(0, 1, 4));
}

TEST(Participation, SpentTokensMakeRoom) {
    const std::vector<float> scores{9, 8, 7, 6};
    const std::vector<uint8_t> reuse{7, 6, 7, 0};
    std::vector<int32_t> order;
    EXPECT_THAT(select_top(scores, reuse, 7, 2, order), ElementsAre(1, 3));
    EXPECT_THAT(select_top(scores, reuse, 0, 2, order), ElementsAre(0, 1));
    // Never fewer than asked for: spent ones fill up, best first.
    EXPECT_THAT(select_top(scores, reuse, 7, 3, order), ElementsAre(0, 1, 3));
}

TEST(Participation, SelectionAgreesWithSorting) {
    std::vector<float> scores(500);
    std::vector<int32_t> order;
    for (uint64_t seed = 0; seed < 50; ++seed) {
        fill_gaussian({.seed = seed}, scores);
        std::vector<uint8_t> reuse(500);
        std::map<std::pair<bool, float>, int32_t> sorted;
        for (int32_t i = 0; i < 500; ++i) {
            reuse[static_cast<size_t>(i)] = static_cast<uint8_t>((i * 37) % 9);
            sorted[{reuse[static_cast<size_t>(i)] >= 7, -scores[static_cast<size_t>(i)]}] = i;
        }
        std::vector<int32_t> expected;
        for (const auto& [key, i] : sorted) {
            expected.push_back(i);
        }
        expected.resize(120);
        std::ranges::sort(expected);
        EXPECT_THAT(select_top(scores, reuse, 7, 120, order),
                    ::testing::ElementsAreArray(expected));
    }
}

}  // namespace
}  // namespace longtake::generator
