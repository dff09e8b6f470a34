#include "generator/control/motion_transfer.h"

#include "core/error.h"
#include "tests/core/temporary_folder.h"
#include "tests/generator/moving_video.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace longtake::generator {
namespace {

constexpr TrackFrame kFollowingTake{.width = 256, .height = 144, .frame_rate = 16};

// How far points go from a frame to the next, on average.
double mean_step(const Tracks& tracks, int64_t frame, int64_t* count = nullptr) {
    double sum = 0;
    int64_t seen = 0;
    for (int64_t n = 0; n < tracks.points(); ++n) {
        const TrackPoint &a = tracks.at(frame, n), &b = tracks.at(frame + 1, n);
        if (a.visible && b.visible) {
            sum += static_cast<double>(b.x - a.x);
            ++seen;
        }
    }
    if (count != nullptr) {
        *count = seen;
    }
    return sum / static_cast<double>(seen);
}

TEST(MotionTransfer, MovesAsFastAsTheVideoAtAnotherRate) {
    const TemporaryFolder folder;
    for (const int rate : {24, 40}) {
        MotionTransfer source(video_of({.carried = {2, 0}}, folder, rate, 40), kFollowingTake, 16);
        const Tracks first = source.at(0, 9), second = source.at(9, 5);
        ASSERT_EQ(first.frames(), 9) << rate;
        for (const Tracks* part : {&first, &second}) {
            int64_t count = 0;
            EXPECT_NEAR(mean_step(*part, 2, &count), 2. * rate / 16, 0.05) << rate;
            EXPECT_GT(count, 60) << rate;
        }
        // The points go on.
        const auto same = std::ranges::count_if(second.ids(), [&](int32_t id) {
            return std::ranges::find(first.ids(), id) != first.ids().end();
        });
        EXPECT_GT(same, second.points() / 2);
    }
}

TEST(MotionTransfer, PicturesOfAnotherSizeAreFitted) {
    const TemporaryFolder folder;
    const auto path = video_of({.width = 512, .height = 288, .carried = {4, 0}}, folder, 16, 8);
    MotionTransfer source(path, kFollowingTake, 16);
    EXPECT_NEAR(mean_step(source.at(0, 6), 3), 2, 0.02);
}

TEST(MotionTransfer, EndsWithTheVideo) {
    const TemporaryFolder folder;
    MotionTransfer source(video_of({}, folder, 32, 21), kFollowingTake, 32);
    EXPECT_EQ(source.at(0, 9).frames(), 9);
    EXPECT_EQ(source.at(9, 12).frames(), 2);  // frames 0, 2 .. 20 of the video
    EXPECT_TRUE(source.at(21, 12).empty());
    EXPECT_TRUE(source.at(33, 12).empty());
}

// A chunk after a cut has fewer frames: what it did not take comes again.
TEST(MotionTransfer, IsReadAheadAndGivenFromWhereItIsAskedFor) {
    const TemporaryFolder folder;
    const auto path = video_of({.carried = {2, 0}}, folder, 16, 30);
    MotionTransfer ahead(path, kFollowingTake, 16), plain(path, kFollowingTake, 16);
    ahead.at(0, 12);
    plain.at(0, 9);
    EXPECT_EQ(ahead.at(9, 12), plain.at(9, 12));
}

TEST(MotionTransfer, BadVideosAreNamed) {
    EXPECT_THROW(MotionTransfer("missing.mp4", kFollowingTake, 16), InputError);
}

}  // namespace
}  // namespace longtake::generator
