#include "generator/control/camera_tracks.h"

#include "generator/control/camera_preset.h"
#include "generator/control/plane_camera.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace longtake::generator {
namespace {

constexpr TrackFrame kCameraTake{.width = 256, .height = 144, .frame_rate = 16};
constexpr int64_t kFrames = 24;

Tracks tracks_of(const std::string& preset, std::vector<Depth> depth = {}) {
    return CameraTracks(camera_path_of(preset, 1, 1, kFrames, kCameraTake), std::move(depth), 1, 16)
        .at(0, kFrames);
}

// How what shows at a place in the first frame has moved in the last.
struct Way {
    double x, y;
};
Way way_at(const Tracks& tracks, float x, float y) {
    int64_t nearest = -1;
    float least = INFINITY;
    for (int64_t n = 0; n < tracks.points(); ++n) {
        const TrackPoint &a = tracks.at(0, n), &b = tracks.at(kFrames - 1, n);
        const float away = std::hypot(a.x - x, a.y - y);
        if (a.visible && b.visible && away < least) {
            least = away;
            nearest = n;
        }
    }
    EXPECT_LT(least, 12);
    const TrackPoint &a = tracks.at(0, nearest), &b = tracks.at(kFrames - 1, nearest);
    return {static_cast<double>(b.x - a.x), static_cast<double>(b.y - a.y)};
}

TEST(CameraPreset, WhatIsSeenGoesTheOtherWay) {
    for (const char* right : {"pan-right", "truck-right"}) {
        const Way way = way_at(tracks_of(right), 160, 72);
        EXPECT_LT(way.x, -20) << right;
        EXPECT_NEAR(way.y, 0, 4) << right;
    }
    for (const char* down : {"tilt-down", "pedestal-down"}) {
        EXPECT_LT(way_at(tracks_of(down), 128, 110).y, -20) << down;
    }
    for (const char* nearer : {"dolly-in", "zoom-in"}) {
        const Tracks tracks = tracks_of(nearer);
        EXPECT_GT(way_at(tracks, 160, 72).x, 5) << nearer;
        EXPECT_LT(way_at(tracks, 96, 72).x, -5) << nearer;
        EXPECT_LT(way_at(tracks, 128, 40).y, -5) << nearer;
    }
    // A camera that rolls clockwise sees the world turn the other way.
    EXPECT_LT(way_at(tracks_of("roll-clockwise"), 190, 72).y, -10);
    EXPECT_GT(way_at(tracks_of("roll-counterclockwise"), 190, 72).y, 10);
    EXPECT_GT(way_at(tracks_of("pan-left"), 100, 72).x, 20);
}

// From the right side the right half of the scene is nearer: it takes more room.
TEST(CameraPreset, AnOrbitKeepsTheMiddleAndComesNearerToItsSide) {
    const Tracks tracks = tracks_of("orbit-right");
    EXPECT_NEAR(way_at(tracks, 128, 72).x, 0, 3);
    EXPECT_GT(way_at(tracks, 190, 130).y, 2);
    EXPECT_LT(way_at(tracks, 66, 130).y, -2);
}

// A take without an end and a path through space are the same on a plane.
TEST(CameraPreset, OnAPlaneItIsThePlaneCamera) {
    for (const char* name : {"truck-left", "truck-right", "pedestal-up", "dolly-in", "dolly-out",
                             "orbit-left", "orbit-right", "roll-clockwise"}) {
        const auto cameras = camera_path_of(name, 1.5, 1, kFrames, kCameraTake);
        const PlaneCamera on_plane =
            moved({}, camera_move_of(name, 1.5), (kFrames - 1) / kCameraTake.frame_rate);
        for (const double x : {-0.3, 0.1, 0.4}) {
            for (const double y : {-0.2, 0.15}) {
                const auto seen = cameras.back().projected(cameras.back().seen({x, y, 1}));
                const auto expected = project(on_plane, {x, y}, 256, 144);
                EXPECT_NEAR(seen[0], expected.x, 1e-6) << name;
                EXPECT_NEAR(seen[1], expected.y, 1e-6) << name;
            }
        }
    }
}

TEST(CameraPreset, HasANameForEachAndNoOther) {
    EXPECT_TRUE(is_camera_preset("pan-left"));
    EXPECT_FALSE(is_camera_preset("pan"));
    EXPECT_NE(camera_preset_names().find("zoom-out"), std::string::npos);
}

// A near square before a far ground.
Depth square_depth() {
    Depth depth{.width = 256, .height = 144, .values = std::vector<float>(256 * 144, 4)};
    for (int64_t y = 52; y < 92; ++y) {
        for (int64_t x = 100; x < 156; ++x) {
            depth.values[static_cast<size_t>(y * 256 + x)] = 1;
        }
    }
    return depth;
}

TEST(CameraTracks, TheNearGoesFasterAndHidesTheFar) {
    const Tracks tracks = tracks_of("truck-right", {square_depth()});
    const Way near = way_at(tracks, 136, 72), far = way_at(tracks, 200, 24);
    EXPECT_NEAR(near.x, 4 * far.x, 1e-2);
    EXPECT_NEAR(near.x, -0.2 * 256 * (kFrames - 1) / 16, 1e-2);
    // The square has gone left over what shows beside it.
    int64_t hidden = 0;
    for (int64_t n = 0; n < tracks.points(); ++n) {
        const TrackPoint& first = tracks.at(0, n);
        if (first.visible && first.y > 54 && first.y < 90 && first.x > 50 && first.x < 90) {
            ++hidden;
            EXPECT_FALSE(tracks.at(kFrames - 1, n).visible) << first.x << " " << first.y;
        }
    }
    EXPECT_GT(hidden, 2);
}

TEST(CameraTracks, PointsLeaveThePictureAndNewOnesBegin) {
    CameraTracks camera(camera_path_of("truck-right", 2, 1, 200, kCameraTake), {}, 1, 16);
    Tracks chunk = camera.at(0, 12);
    const int64_t all = 16 * 9;
    EXPECT_EQ(chunk.points(), all);
    for (int64_t first = 12; first < 190; first += 12) {
        chunk = camera.at(first, 12);
        int64_t seen = 0;
        for (int64_t n = 0; n < chunk.points(); ++n) {
            seen += chunk.at(0, n).visible;
            EXPECT_TRUE(!chunk.at(0, n).visible ||
                        (chunk.at(0, n).x >= 0 && chunk.at(0, n).x < 256));
        }
        EXPECT_GT(seen, all * 8 / 10) << first;
        EXPECT_LT(chunk.points(), 2 * all) << first;
    }
    EXPECT_EQ(camera.at(192, 12).frames(), 8);
    EXPECT_TRUE(camera.at(204, 12).empty());
}

TEST(CameraTracks, WhereDepthIsNotKnownNothingIsAsked) {
    Depth depth = square_depth();
    for (size_t i = 0; i < depth.values.size() / 2; ++i) {
        depth.values[i] = 0;
    }
    const Tracks tracks = tracks_of("pan-right", {depth});
    for (int64_t n = 0; n < tracks.points(); ++n) {
        EXPECT_GE(tracks.at(0, n).y, 72);
    }
}

// What is seen on the way takes the place of the plane.
TEST(CameraTracks, LearnsWhatItSees) {
    CameraTracks camera(camera_path_of("truck-right", 1, 1, 60, kCameraTake), {}, 1, 16);
    camera.at(0, 12);
    camera.see(11, square_depth());
    const Tracks chunk = camera.at(12, 12);
    float near = 0, far = 0;
    for (int64_t n = 0; n < chunk.points(); ++n) {
        const TrackPoint &a = chunk.at(0, n), &b = chunk.at(10, n);
        if (a.visible && b.visible) {
            const bool square = a.x > 104 && a.x < 148 && a.y > 56 && a.y < 88;
            (square ? near : far) = b.x - a.x;
        }
    }
    EXPECT_NEAR(near, -0.2 * 256 * 10 / 16, 0.1);
    EXPECT_NEAR(far, near / 4, 0.1);
}

TEST(CameraTracks, DepthOfEveryFrameGoesOn) {
    CameraTracks camera(camera_path_of("truck-right", 4, 1, 60, kCameraTake),
                        std::vector<Depth>(30, square_depth()), 1, 16);
    camera.at(0, 12);
    const Tracks with = camera.at(12, 12);
    int64_t at_the_right = 0;
    for (int64_t n = 0; n < with.points(); ++n) {
        at_the_right += with.at(0, n).visible && with.at(0, n).x > 240;
    }
    EXPECT_GT(at_the_right, 5);
}

}  // namespace
}  // namespace longtake::generator
