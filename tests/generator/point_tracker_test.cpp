#include "generator/tracks/point_tracker.h"

#include "core/canvas.h"
#include "generator/tracks/grid_tracker.h"
#include "generator/tracks/retracker.h"
#include "tests/generator/moving_texture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace longtake::generator {
namespace {

constexpr int64_t kTextureFrames = 10;

// The largest distance between where points are found after some frames and where they are; all
// are asked to be found.
double largest_error(const MovingTexture& texture, int64_t frames = kTextureFrames) {
    PointTracker tracker;
    std::vector<std::complex<double>> starts;
    for (double y = 40; y < 110; y += 16) {
        for (double x = 60; x < 200; x += 16) {
            starts.emplace_back(x + 0.3, y + 0.4);
        }
    }
    tracker.advance(texture.frame(0));
    for (size_t n = 0; n < starts.size(); ++n) {
        tracker.add(static_cast<int32_t>(n), static_cast<float>(starts[n].real()),
                    static_cast<float>(starts[n].imag()));
    }
    for (int64_t t = 1; t < frames; ++t) {
        tracker.advance(texture.frame(t));
    }
    EXPECT_EQ(tracker.points().size(), starts.size());
    double largest = 0;
    for (const auto& point : tracker.points()) {
        const auto is = texture.at(starts[static_cast<size_t>(point.id)], frames - 1);
        largest = std::max(largest, std::hypot(static_cast<double>(point.x) - is.real(),
                                               static_cast<double>(point.y) - is.imag()));
    }
    return largest;
}

TEST(PointTracker, FollowsWhatIsCarriedAlong) {
    EXPECT_LT(largest_error({.carried = {2.3, -1.4}}), 0.05);
    EXPECT_LT(largest_error({.carried = {0, 0}}), 0.01);
    EXPECT_LT(largest_error({.carried = {14, 5}}, 3), 0.05);
}

TEST(PointTracker, FollowsWhatTurnsAndGrows) {
    EXPECT_LT(largest_error({.turned = std::polar(1., std::numbers::pi / 90)}), 0.6);
    EXPECT_LT(largest_error({.turned = 1.02}), 0.6);
    EXPECT_LT(largest_error({.turned = 0.98}), 0.6);
    EXPECT_LT(largest_error({.carried = {1, 1}, .turned = std::polar(1.01, 0.02)}), 0.6);
}

TEST(PointTracker, LosesWhatHasNoTextureIsCoveredOrLeaves) {
    Tensor flat({144, 256, 3}, DType::U8);
    std::ranges::fill(flat.values<uint8_t>(), uint8_t{90});
    PointTracker plain;
    plain.advance(flat);
    plain.add(0, 100, 70);
    plain.advance(flat);
    EXPECT_TRUE(plain.points().empty());

    const MovingTexture texture{.carried = {6, 0}};
    PointTracker tracker;
    tracker.advance(texture.frame(0));
    tracker.add(0, 100, 70);
    tracker.add(1, 20, 70);
    tracker.add(2, 240, 70);  // leaves the picture
    for (int64_t t = 1; t < 5; ++t) {
        Tensor frame = texture.frame(t);
        if (t == 3) {
            draw_disc(frame, {118, 70}, 25, {.colour = {200, 30, 30}});
        }
        tracker.advance(frame);
    }
    ASSERT_EQ(tracker.points().size(), 1u);
    EXPECT_EQ(tracker.points()[0].id, 1);
}

TEST(PointTracker, FramesOfAnotherSizeAreNotCompared) {
    PointTracker tracker;
    tracker.advance(MovingTexture{}.frame(0));
    EXPECT_THROW(tracker.advance(MovingTexture{.width = 200}.frame(0)), std::exception);
}

TEST(GridTracker, FillsTheHolesThatMotionLeaves) {
    const MovingTexture texture{.carried = {5, 0}};
    GridTracker tracker(16);
    EXPECT_EQ(tracker.advance(texture.frame(0)).size(), 16u * 9);
    size_t least = 16 * 9;
    int32_t last_id = 0;
    for (int64_t t = 1; t < 25; ++t) {
        const auto points = tracker.advance(texture.frame(t));
        least = std::min(least, points.size());
        EXPECT_TRUE(std::ranges::is_sorted(points, {}, &PointTracker::Followed::id));
        last_id = points.back().id;
    }
    EXPECT_GT(least, 16u * 9 / 2);
    EXPECT_GT(last_id, 16 * 9);
}

// Asked of a texture that is carried along by (2, 0): point 0 goes with it, point 1 is asked to
// go twice as fast, point 2 is asked for in two stretches.
Tracks asked_of_texture() {
    Tracks asked(kTextureFrames, {5, 7, 9});
    for (int64_t t = 0; t < kTextureFrames; ++t) {
        const auto by = static_cast<float>(2 * t);
        asked.at(t, 0) = {80 + by, 40, true};
        asked.at(t, 1) = {80 + 2 * by, 80, true};
        asked.at(t, 2) = {120 + by, 60, t < 3 || t > 6};
    }
    return asked;
}

Tracks found_in_texture() {
    const MovingTexture texture{.carried = {2, 0}};
    Retracker tracker(asked_of_texture());
    for (int64_t t = 0; t < kTextureFrames; ++t) {
        tracker.advance(texture.frame(t));
    }
    return tracker.found();
}

TEST(Retracker, FindsWhereThingsWentAndSaysHowFarOff) {
    const Tracks asked = asked_of_texture(), found = found_in_texture();
    ASSERT_EQ(found.frames(), kTextureFrames);
    EXPECT_TRUE(std::ranges::equal(found.ids(), asked.ids()));
    EXPECT_NEAR(found.at(9, 0).x, 98, 0.05);
    EXPECT_NEAR(found.at(9, 1).x, 98, 0.05);  // where it went, not where it was asked to go
    EXPECT_FALSE(found.at(4, 2).visible);
    EXPECT_EQ(found.at(7, 2), asked.at(7, 2));  // begun anew
    EXPECT_NEAR(found.at(9, 2).x, 138, 0.05);
    const Agreement a = agreement(asked, found);
    EXPECT_EQ(a.asked, 9 + 9 + 4);
    EXPECT_EQ(a.compared, a.asked);
    // Point 1 is off by 2 pixels more in every frame.
    EXPECT_NEAR(a.error, 2. * (9 * 10 / 2) / a.asked, 0.05);
    EXPECT_NEAR(a.by_frame[5], 10. / 2, 0.05);
    EXPECT_TRUE(std::isnan(a.by_frame[0]));
}

TEST(Retracker, IsTrustedWithWhatItFindsWhereItIsAskedFor) {
    const Tracks part = trusted(asked_of_texture(), found_in_texture(), 3);
    ASSERT_EQ(part.points(), 3);
    EXPECT_EQ(part.at(9, 0), asked_of_texture().at(9, 0));
    EXPECT_TRUE(part.at(1, 1).visible);  // off by two pixels
    EXPECT_FALSE(part.at(2, 1).visible);
    EXPECT_FALSE(part.at(9, 1).visible);
    EXPECT_TRUE(part.at(9, 2).visible);
}

}  // namespace
}  // namespace longtake::generator
