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
using ::testing::ElementsAreArray;

TEST(Participation, ScoresAreTheScaledDotProducts) {
    constexpr int64_t kHeads = 3, kDim = 8, kStride = 20, kRows = 5;
    Tensor queries({kRows, kHeads, kDim}, DType::F32);
    Tensor keys({kHeads, kStride, kDim}, DType::F32);
    fill_gaussian({.seed = 1}, queries.values<float>());
    fill_gaussian({.seed = 2}, keys.values<float>());
    for (const DType dtype : {DType::F32, DType::BF16}) {
        const Tensor q = queries.to(dtype), k = keys.to(dtype);
        Tensor plus({kHeads, kDim}, DType::F32), scores({7}, DType::F32);
        std::ranges::fill(plus.values<float>(), 1.0f);
        Tensor sums(plus.shape(), DType::F32);
        sum_queries(q, {1, 4}, plus, sums);
        score_slots({k.raw(), nullptr, 15, kStride, dtype}, {6, 13}, sums, scores);
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
            EXPECT_NEAR(scores.data<float>()[j - 6], expected / (std::sqrt(8.0) * kHeads), 1e-5);
        }
    }
}

// Candidates that start at slot kFirst, and what is chosen of them.
struct Ballot {
    static constexpr int64_t kFirst = 2;

    explicit Ballot(std::vector<float> score, const std::vector<uint8_t>& uses = {})
        : scores(Tensor::from(score, {std::ssize(score)})),
          reuse({1, kFirst + std::ssize(score), 1}, DType::U8),
          order(scores.shape(), DType::I32) {
        std::ranges::fill(reuse.values<uint8_t>(), uint8_t{0});
        std::ranges::copy(uses, reuse.data<uint8_t>() + kFirst);
    }
    // Counted from the first candidate.
    std::vector<int32_t> top(int limit, int64_t count) {
        select_top(scores, {kFirst, kFirst + scores.count()}, limit, count, reuse, order);
        std::vector<int32_t> chosen(order.data<int32_t>(), order.data<int32_t>() + count);
        for (int32_t& slot : chosen) {
            slot -= kFirst;
        }
        return chosen;
    }
    std::vector<int> uses() const {
        return {reuse.data<uint8_t>() + kFirst, reuse.data<uint8_t>() + reuse.count()};
    }

    Tensor scores, reuse, order;
};

TEST(Participation, TheBestComeBackInOrder) {
    Ballot ballot({3, 1, 4, 1, 5, 9, 2, 6});
    EXPECT_THAT(ballot.top(7, 3), ElementsAre(4, 5, 7));
    EXPECT_THAT(ballot.uses(), ElementsAre(0, 0, 0, 0, 1, 1, 0, 1));
    EXPECT_THAT(ballot.top(7, 0), ElementsAre());
    EXPECT_EQ(ballot.top(7, 8).size(), 8u);
    EXPECT_THROW(ballot.top(7, 9), Error);
}

TEST(Participation, EqualScoresGoToTheLowerSlot) {
    EXPECT_THAT(Ballot({1, 2, 1, 1, 2}).top(0, 3), ElementsAre(0, 1, 4));
    EXPECT_THAT(Ballot({-0.f, 0.f, -1, 0.f}).top(0, 2), ElementsAre(0, 1));
}

TEST(Participation, SpentTokensMakeRoom) {
    const auto top = [](int limit, int64_t count) {
        Ballot fresh({9, 8, 7, 6}, {7, 6, 7, 0});
        return fresh.top(limit, count);
    };
    EXPECT_THAT(top(7, 2), ElementsAre(1, 3));
    EXPECT_THAT(top(0, 2), ElementsAre(0, 1));
    // Never fewer than asked for: spent ones fill up, best first.
    EXPECT_THAT(top(7, 3), ElementsAre(0, 1, 3));
    Ballot worn({1, 2}, {255, 254});
    EXPECT_THAT(worn.top(0, 2), ElementsAre(0, 1));
    EXPECT_THAT(worn.uses(), ElementsAre(255, 255));  // as far as it counts
}

TEST(Participation, SelectionAgreesWithSorting) {
    std::vector<float> scores(500);
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
        EXPECT_THAT(Ballot(scores, reuse).top(7, 120), ElementsAreArray(expected));
    }
}

}  // namespace
}  // namespace longtake::generator
