#include "generator/followed_points.h"

#include "core/safetensors.h"
#include "diffusion/models/image_condition.h"
#include "tests/diffusion/testing.h"

#include <gtest/gtest.h>

#include <numeric>
#include <stdexcept>
#include <string>

namespace longtake::generator {
namespace {

using diffusion::max_difference;

constexpr int64_t kWidth = 64, kHeight = 48;  // of latents of 8 x 6

// Random latents and paths, and the channels that PyTorch makes of the whole clip:
// tests/fixtures/make_track_fixtures.py.
class FollowedPointsTest : public ::testing::Test {
  protected:
    // Frames [first, first + count) of the paths.
    Tracks tracks(int64_t first, int64_t count) const {
        const Tensor places = file_->tensor("paths"), seen = file_->tensor("seen");
        std::vector<int32_t> ids(static_cast<size_t>(places.extent(0)));
        std::iota(ids.begin(), ids.end(), 3);
        Tracks tracks(count, ids);
        for (int64_t n = 0; n < tracks.points(); ++n) {
            for (int64_t t = 0; t < count; ++t) {
                const int64_t at = n * places.extent(1) + first + t;
                tracks.at(t, n) = {places.data<float>()[2 * at] * kWidth,
                                   places.data<float>()[2 * at + 1] * kHeight,
                                   seen.data<uint8_t>()[at] != 0};
            }
        }
        return tracks;
    }
    std::function<Tensor()> latent(int64_t frame) const {
        return [this, frame] { return clip_.slice(frame, frame + 1); };
    }
    // The clip's channels, made chunk by chunk: the picture, then chunks of so many latents.
    Tensor chunk_by_chunk(const diffusion::PointRule& rule, std::vector<int64_t> chunks) const {
        Tensor all = diffusion::image_condition(clip_);
        FollowedPoints followed;
        followed.take_up(tracks(0, 1), kWidth, kHeight, rule, latent(0));
        int64_t at = 1;
        for (const int64_t count : chunks) {
            Tensor part = all.slice(at, at + count);
            // What came before is the picture only for the first.
            rule.move(followed.take_up(tracks(4 * at - 3, 4 * count), kWidth, kHeight, rule,
                                       latent(at - 1)),
                      part);
            at += count;
        }
        return all;
    }

    std::shared_ptr<const SafetensorsFile> file_ =
        SafetensorsFile::open(LONGTAKE_TEST_FIXTURES "/tracks/image_condition.safetensors");
    Tensor clip_ = file_->tensor("clip");  // [6, 16, 6, 8]
};

TEST_F(FollowedPointsTest, ChunksMakeWhatPyTorchMakesOfTheWholeClip) {
    const auto ati = diffusion::make_point_rule("ati");
    const auto wan_move = diffusion::make_point_rule("wan-move");
    for (const auto& chunks : {std::vector<int64_t>{5}, {3, 2}, {1, 1, 1, 1, 1}}) {
        EXPECT_LT(max_difference(chunk_by_chunk(*ati, chunks), file_->tensor("ati")), 1e-5F);
        EXPECT_EQ(max_difference(chunk_by_chunk(*wan_move, chunks), file_->tensor("wan_move")), 0);
    }
}

TEST_F(FollowedPointsTest, APointThatComesLaterBringsWhatTheTakeShowedThere) {
    const auto rule = diffusion::make_wan_move_rule();
    FollowedPoints followed;
    Tracks late(12, {9});
    for (int64_t t = 5; t < 12; ++t) {
        late.at(t, 0) = {20.F + static_cast<float>(t), 30, true};  // from cell 3 of row 3
    }
    const auto points = followed.take_up(late, kWidth, kHeight, *rule, latent(2));
    ASSERT_EQ(points.size(), 1U);
    EXPECT_EQ(points[0].feature[0], latent(2)().data<float>()[3 * 8 + 3]);
    EXPECT_FALSE(points[0].path[4].visible);
    // It keeps that in later chunks, which ask for no latents, and forgets it when the take begins
    // anew.
    const auto never = []() -> Tensor { throw std::logic_error("asked for latents again"); };
    EXPECT_EQ(followed.take_up(late, kWidth, kHeight, *rule, never)[0].feature, points[0].feature);
    followed.clear();
    EXPECT_NE(followed.take_up(late, kWidth, kHeight, *rule, latent(4))[0].feature,
              points[0].feature);
}

TEST_F(FollowedPointsTest, WhatIsNeverInThePictureIsNoPoint) {
    const auto rule = diffusion::make_ati_rule();
    FollowedPoints followed;
    Tracks tracks(9, {1, 2});
    for (int64_t t = 0; t < 9; ++t) {
        tracks.at(t, 0) = {-5, 10, true};
        tracks.at(t, 1) = {5, 10, true};
    }
    const auto points = followed.take_up(tracks, kWidth, kHeight, *rule, latent(0));
    ASSERT_EQ(points.size(), 1U);
    EXPECT_EQ(points[0].path.size(), 12U);  // nine frames, of three latents from a take's first on
    EXPECT_FALSE(points[0].path[2].visible);
    EXPECT_TRUE(points[0].path[3].visible);
}

}  // namespace
}  // namespace longtake::generator
