#include "diffusion/models/image_condition.h"

#include "core/error.h"
#include "core/safetensors.h"

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
    expect_equal(wan_move_condition(clip_, {}), "plain", 0);
}

TEST_F(ImageConditionTest, AtiCopiesSoftly) {
    expect_equal(ati_condition(clip_, paths_), "ati", 1e-5F);
}

TEST_F(ImageConditionTest, WanMoveCopiesCells) {
    expect_equal(wan_move_condition(clip_, paths_), "wan_move", 0);
}

TEST_F(ImageConditionTest, PathsOfAnotherLengthAreRefused) {
    paths_.back().pop_back();
    EXPECT_THROW(ati_condition(clip_, paths_), Error);
    EXPECT_THROW(wan_move_condition(clip_, paths_), Error);
}

}  // namespace
}  // namespace longtake::diffusion
