#include "gaussians/train/nearest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace longtake::gaussians {
namespace {

TEST(NeighbourDistances, AreThoseOfATestOfAll) {
    std::mt19937 engine(1);
    std::normal_distribution<float> normal;
    std::vector<float> points(3 * 400);
    std::ranges::generate(points, [&] { return normal(engine); });
    std::copy_n(points.begin(), 3, points.begin() + 3);  // two in one place
    const std::vector<float> found = neighbour_distances(points);
    for (std::size_t i = 0; i < found.size(); ++i) {
        std::vector<float> squares;
        for (std::size_t j = 0; j < found.size(); ++j) {
            float square = 0;
            for (std::size_t k = 0; k < 3; ++k) {
                const float d = points[3 * i + k] - points[3 * j + k];
                square += d * d;
            }
            if (i != j) {
                squares.push_back(square);
            }
        }
        std::ranges::sort(squares);
        EXPECT_NEAR(found[i], (squares[0] + squares[1] + squares[2]) / 3, 1e-5) << i;
    }
}

TEST(NeighbourDistances, OfFewPoints) {
    EXPECT_TRUE(neighbour_distances({}).empty());
    EXPECT_EQ(neighbour_distances(std::vector<float>{1, 2, 3}), std::vector<float>{0});
    EXPECT_EQ(neighbour_distances(std::vector<float>{0, 0, 0, 2, 0, 0}),
              (std::vector<float>{4, 4}));
}

}  // namespace
}  // namespace longtake::gaussians
