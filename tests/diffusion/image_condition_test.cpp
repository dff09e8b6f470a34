#include "diffusion/models/image_condition.h"

#include "core/error.h"
#include "core/safetensors.h"
#include "diffusion/models/point_rule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace longtake::diffusion {
namespace {

// Random latents and paths, and what PyTorch makes of them: tests/fixtures/make_track_fixtures.py.
class ImageConditionTest : public ::testing::Test {
  protected:
    ImageConditionTest() {
        const Tensor places = file_->tensor("paths"), seen = file_->tensor("seen");
        for (int64_t n = 0, i = 0; n < places.extent(0); ++n) {
            paths_.emplace_back();
            for (int64_t t = 0; t < places.extent(1); ++t, ++i) {
                paths_.back().push_back({places.data<float>()[2 * i],
                                         places.data<float>()[2 * i + 1],
                                         seen.data<uint8_t>()[i] != 0});
            }
        }
    }
    // The channels of the whole clip, its points moved.
    Tensor moved(const PointRule& rule, const std::vector<PointPath>& paths) const {
        Tensor all = image_condition(clip_), rest = all.slice(1, all.extent(0));
        std::vector<MovingPoint> points;
        for (const PointPath& path : paths) {
            points.push_back(
                {rule.feature(clip_.slice(0, 1), path.front()), {path.begin() + 1, path.end()}});
        }
        rule.move(points, rest);
        return all;
    }
    void expect_equal(const Tensor& all, const std::string& name, float tolerance) {
        const Tensor expected = file_->tensor(name);
        ASSERT_EQ(all.shape(), expected.shape());
        float worst = 0;
        for (int64_t i = 0; i < all.count(); ++i) {
            worst = std::max(worst, std::abs(all.data<float>()[i] - expected.data<float>()[i]));
        }
        EXPECT_LE(worst, tolerance) << name;
    }

    std::shared_ptr<const SafetensorsFile> file_ =
        SafetensorsFile::open(LONGTAKE_TEST_FIXTURES "/tracks/image_condition.safetensors");
    Tensor clip_ = file_->tensor("clip");  // [6, 16, 6, 8]
    std::vector<PointPath> paths_;
};

TEST_F(ImageConditionTest, WithoutPointsItIsTheMaskAndTheClip) {
    expect_equal(image_condition(clip_), "plain", 0);
    expect_equal(moved(*make_wan_move_rule(), {}), "plain", 0);
}

TEST_F(ImageConditionTest, AtiCopiesSoftly) {
    expect_equal(moved(*make_ati_rule(), paths_), "ati", 1e-5F);
}

TEST_F(ImageConditionTest, WanMoveCopiesCells) {
    expect_equal(moved(*make_wan_move_rule(), paths_), "wan_move", 0);
}

TEST_F(ImageConditionTest, PathsOfAnotherLengthAreRefused) {
    paths_.back().pop_back();
    EXPECT_THROW(moved(*make_ati_rule(), paths_), Error);
    EXPECT_THROW(moved(*make_wan_move_rule(), paths_), Error);
}

}  // namespace
}  // namespace longtake::diffusion
