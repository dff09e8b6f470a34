#include "generator/control/motion_state.h"

#include "generator/control/camera_preset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace longtake::generator {
namespace {

constexpr int64_t kWidth = 256, kHeight = 144, kChunk = 12;
constexpr double kRate = 16, kSeconds = kChunk / kRate;

MotionState state() {
    return {kWidth, kHeight, kRate};
}

Handle dragged(std::vector<Handle::Step> path, bool released = false) {
    return {.id = 5,
            .kind = Handle::Kind::Dragged,
            .points = {{100, 50}, {110, 50, 0.5F}},
            .path = std::move(path),
            .released = released};
}

TEST(MotionState, NothingAskedIsNothing) {
    MotionState motion = state();
    EXPECT_TRUE(motion.take_up(kChunk).empty());
}

TEST(MotionState, WhatIsPinnedStaysAndIsTheSamePoints) {
    MotionState motion = state();
    const Handle pinned{
        .id = 1, .kind = Handle::Kind::Static, .points = {{10, 20}, {30, 40}}, .path = {}};
    motion.set({pinned});
    const Tracks first = motion.take_up(kChunk), second = motion.take_up(kChunk);
    EXPECT_EQ(first, second);
    ASSERT_EQ(first.points(), 2);
    EXPECT_EQ(first.at(11, 1), (TrackPoint{30, 40, true}));
    motion.set(std::vector<Handle>{});
    EXPECT_TRUE(motion.take_up(kChunk).empty());
}

// The way of the hand since the last border is the way of the points in the chunk.
TEST(MotionState, ADragIsFollowedFromBorderToBorder) {
    MotionState motion = state();
    motion.set({dragged({{7, 0, 0}, {7 + kSeconds, 24, -12}})});
    const Tracks first = motion.take_up(kChunk);
    ASSERT_EQ(first.points(), 2);
    EXPECT_NEAR(first.at(0, 0).x, 102, 1e-3);
    EXPECT_NEAR(first.at(11, 0).x, 124, 1e-3);
    EXPECT_NEAR(first.at(11, 0).y, 38, 1e-3);
    EXPECT_NEAR(first.at(11, 1).x, 122, 1e-3);  // half of the way
    // The hand rests.
    EXPECT_NEAR(motion.take_up(kChunk).at(11, 0).x, 124, 1e-3);
    // It goes on, and lets go: the chunk still follows it to its end, the one after has no points.
    motion.set({dragged({{7, 0, 0}, {7 + kSeconds, 24, -12}, {9, 30, 0}}, true)});
    const Tracks last = motion.take_up(kChunk);
    EXPECT_EQ(last.ids()[0], first.ids()[0]);
    EXPECT_NEAR(last.at(11, 0).x, 130, 1e-3);
    EXPECT_TRUE(motion.take_up(kChunk).empty());
}

TEST(MotionState, AReleasedDragEndsByItselfAlsoWhenItIsNotNamedAnyMore) {
    MotionState motion = state();
    motion.set({dragged({{0, 0, 0}, {4 * kSeconds, 40, 0}}, true)});
    motion.set(std::vector<Handle>{});
    // A hand that moved for four chunks is followed twice as fast.
    EXPECT_NEAR(motion.take_up(kChunk).at(11, 0).x, 120, 1e-3);
    EXPECT_NEAR(motion.take_up(kChunk).at(11, 0).x, 140, 1e-3);
    EXPECT_TRUE(motion.take_up(kChunk).empty());
}

TEST(MotionState, APathIsGoneOnceAtItsOwnSpeed) {
    MotionState motion = state();
    motion.take_up(kChunk);
    motion.set({{.id = 1,
                 .kind = Handle::Kind::Drawn,
                 .points = {{100, 50}},
                 .path = {{0, 0, 0}, {1, 32, 16}}}});
    const Tracks first = motion.take_up(kChunk), second = motion.take_up(kChunk);
    EXPECT_EQ(first.at(0, 0), (TrackPoint{100, 50, true}));
    EXPECT_NEAR(first.at(8, 0).x, 116, 1e-3);
    EXPECT_NEAR(second.at(4, 0).x, 132, 1e-3);
    EXPECT_TRUE(second.at(4, 0).visible);
    EXPECT_FALSE(second.at(5, 0).visible);
    EXPECT_TRUE(motion.take_up(kChunk).empty());
}

// Several hands of a person with one pointer: paths go on while another thing is dragged.
TEST(MotionState, PathsGoOnBesideADrag) {
    const auto path = [](int64_t id, float x, float right) {
        return Handle{.id = id,
                      .kind = Handle::Kind::Drawn,
                      .points = {{x, 50}},
                      .path = {{0, 0, 0}, {2, right, 0}}};
    };
    MotionState motion = state();
    motion.set({path(1, 40, 32), path(2, 200, -64)});
    motion.take_up(kChunk);
    motion.set({path(1, 40, 32), path(2, 200, -64), dragged({{7, 0, 0}, {7 + kSeconds, 24, 0}})});
    const Tracks both = motion.take_up(kChunk);
    ASSERT_EQ(both.points(), 4);
    const auto at = [&](int64_t frame, float x) {
        for (int64_t n = 0; n < both.points(); ++n) {
            if (std::abs(both.at(frame, n).x - x) < 1e-3F && both.at(frame, n).visible) {
                return true;
            }
        }
        return false;
    };
    EXPECT_TRUE(at(0, 40 + 12) && at(8, 40 + 20));    // 16 pixels a second, since frame 0
    EXPECT_TRUE(at(0, 200 - 24) && at(8, 200 - 40));  // twice that, the other way
    EXPECT_TRUE(at(11, 124));
}

TEST(MotionState, PlaysTracksFromTheNextChunkOn) {
    Tracks given(20, {4, 9});
    for (int64_t t = 0; t < 20; ++t) {
        given.at(t, 0) = {static_cast<float>(t), 1, true};
        if (t == 15) {
            given.at(t, 1) = {static_cast<float>(t), 2, true};
        }
    }
    MotionState motion = state();
    motion.take_up(9);
    motion.play(given);
    const Tracks first = motion.take_up(kChunk), second = motion.take_up(kChunk);
    EXPECT_EQ(first, cut(given, 0, kChunk));
    EXPECT_EQ(first.points(), 1);
    EXPECT_EQ(second, cut(given, kChunk, kChunk));
    EXPECT_FALSE(second.at(8, 0).visible);
    EXPECT_TRUE(motion.take_up(kChunk).empty());
}

// Tracks that the viewer saved have the numbers of handles.
TEST(MotionState, HandlesAreOtherPointsThanThosePlayed) {
    MotionState motion = state();
    const Handle pinned{.id = 1, .kind = Handle::Kind::Static, .points = {{10, 20}}, .path = {}};
    motion.set({pinned});
    const Tracks saved = motion.take_up(kChunk);
    MotionState again = state();
    again.play(saved);
    again.set({{.id = 1, .kind = Handle::Kind::Static, .points = {{50, 60}}, .path = {}}});
    EXPECT_EQ(again.take_up(kChunk).points(), 2);
}

TEST(MotionState, TheCameraMovesALatticeAndWhatIsPinned) {
    MotionState motion = state();
    const Handle pinned{.id = 1, .kind = Handle::Kind::Static, .points = {{128, 72}}, .path = {}};
    motion.set({pinned});
    motion.set(CameraMove{.right = 0.25});
    const Tracks first = motion.take_up(kChunk);
    EXPECT_GT(first.points(), 100);
    // A quarter of the picture a second: the scene goes left by four pixels a frame.
    EXPECT_NEAR(first.at(0, 0).x, 124, 1e-3);
    EXPECT_NEAR(first.at(11, 0).x, 128 - 48, 1e-3);
    int64_t followed = 0;
    for (int64_t n = 1; n < first.points(); ++n) {
        if (first.at(4, n).visible && first.at(5, n).visible) {
            ++followed;
            EXPECT_NEAR(first.at(5, n).x, first.at(4, n).x - 4, 1e-3);
            EXPECT_NEAR(first.at(5, n).y, first.at(4, n).y, 1e-3);
        }
    }
    EXPECT_GT(followed, 100);
    // The same points go on into the next chunk.
    const Tracks second = motion.take_up(kChunk);
    int64_t same = 0;
    for (int64_t n = 0; n < second.points(); ++n) {
        const auto before = std::ranges::find(first.ids(), second.ids()[static_cast<size_t>(n)]);
        if (before != first.ids().end()) {
            const TrackPoint& last = first.at(11, before - first.ids().begin());
            const TrackPoint& next = second.at(0, n);
            ++same;
            EXPECT_TRUE(!last.visible || !next.visible || std::abs(next.x - last.x + 4) < 1e-3);
        }
    }
    EXPECT_GT(same, second.points() / 2);
    motion.set(CameraMove{});
    EXPECT_EQ(motion.take_up(kChunk).points(), 1);
}

// What the global layer does it does on top of what points do by themselves.
TEST(MotionState, TheGlobalLayerCarriesWhatIsPlayedPinnedAndDrawn) {
    Tracks given(60, {4});
    for (int64_t t = 0; t < 60; ++t) {
        given.at(t, 0) = {100 + static_cast<float>(t), 50, true};
    }
    MotionState motion = state();
    const Handle pinned{.id = 1, .kind = Handle::Kind::Static, .points = {{128, 72}}, .path = {}};
    motion.play(given);
    motion.set({pinned, dragged({{0, 0, 0}})});
    motion.set(GlobalMove{.right = 0.25});
    const Tracks chunk = motion.take_up(kChunk);
    ASSERT_EQ(chunk.points(), 4);
    EXPECT_NEAR(chunk.at(11, 0).x, 100 + 11 + 48, 1e-3);
    EXPECT_NEAR(chunk.at(11, 1).x, 128 + 48, 1e-3);
    EXPECT_NEAR(chunk.at(11, 2).x, 100, 1e-3);  // a hand is where it is
    // It stays where it has come to, and what is put there now stays there.
    motion.set(GlobalMove{});
    const Handle other{.id = 2, .kind = Handle::Kind::Static, .points = {{10, 20}}, .path = {}};
    motion.set({pinned, other});
    const Tracks after = motion.take_up(kChunk);
    EXPECT_NEAR(after.at(5, 1).x, 128 + 48, 1e-3);
    EXPECT_NEAR(after.at(5, 2).x, 10, 1e-3);
}

TEST(GlobalLayer, GrowsAndTurnsAboutItsPoint) {
    const GlobalMove move{.zoom = std::log(2), .turn = std::numbers::pi / 2, .about_x = 0.25};
    GlobalLayer layer;
    for (int i = 0; i < 16; ++i) {
        layer = moved(layer, move, 1. / 16, 256, 144);
    }
    const auto fixed = layer.to({64, 72}), right = layer.to({74, 72});
    EXPECT_NEAR(fixed.real(), 64, 1e-9);
    EXPECT_NEAR(fixed.imag(), 72, 1e-9);
    EXPECT_NEAR(right.real(), 64, 1e-9);  // clockwise: what was right is below
    EXPECT_NEAR(right.imag(), 72 + 20, 1e-9);
    EXPECT_NEAR(layer.from(right).real(), 74, 1e-9);
}

TEST(GlobalLayer, CarriesTracksOfAWholeTake) {
    Tracks still(17, {0});
    for (int64_t t = 0; t < 17; ++t) {
        still.at(t, 0) = {138, 72, t != 3};
    }
    const TrackFrame take{kWidth, kHeight, kRate};
    const Tracks moved = with_layer(still, {.down = 0.1, .zoom = std::log(2)}, take);
    EXPECT_EQ(moved.at(0, 0), still.at(0, 0));
    EXPECT_FALSE(moved.at(3, 0).visible);
    EXPECT_NEAR(moved.at(16, 0).x, 148, 1e-3);
    EXPECT_GT(moved.at(16, 0).y, 72 + 25);
    EXPECT_EQ(with_layer(still, {}, take), still);
}

// A near square before a far ground: what stands there goes as it is far.
TEST(MotionState, TheCameraMovesBeforeWhatIsSeen) {
    Depth depth{.width = kWidth, .height = kHeight, .values = std::vector<float>(256 * 144, 1)};
    for (int64_t y = 52; y < 92; ++y) {
        for (int64_t x = 100; x < 156; ++x) {
            depth.values[static_cast<size_t>(y * kWidth + x)] = 0.5F;
        }
    }
    MotionState motion = state();
    motion.expect_depth();
    EXPECT_FALSE(motion.wants_depth());
    const Handle near{.id = 1, .kind = Handle::Kind::Static, .points = {{128, 72}}, .path = {}};
    const Handle far{.id = 2, .kind = Handle::Kind::Static, .points = {{200, 20}}, .path = {}};
    motion.set({near, far});
    motion.take_up(kChunk);
    motion.set(CameraMove{.right = 0.25});
    EXPECT_TRUE(motion.wants_depth());
    MotionState blind = motion;
    EXPECT_EQ(blind.take_up(kChunk).points(), 2);  // nothing is known yet but what was put there
    motion.see(depth);
    const Tracks chunk = motion.take_up(kChunk);
    EXPECT_GT(chunk.points(), 50);
    EXPECT_NEAR(chunk.at(11, 0).x, 128 - 2 * 48, 1e-3);
    EXPECT_NEAR(chunk.at(11, 1).x, 200 - 48, 1e-3);
    int64_t followed = 0;
    for (int64_t n = 2; n < chunk.points(); ++n) {
        const TrackPoint &a = chunk.at(0, n), &b = chunk.at(1, n);
        if (a.visible && b.visible) {
            ++followed;
            const float by = a.x - b.x;
            EXPECT_TRUE(std::abs(by - 4) < 1e-3F || std::abs(by - 8) < 1e-3F) << by;
        }
    }
    EXPECT_GT(followed, 50);
    // It goes on, with points of its own numbers, from where the camera has come to.
    motion.see(depth);
    const Tracks second = motion.take_up(kChunk);
    EXPECT_NEAR(second.at(0, 1).x, 200 - 52, 1e-3);
    motion.set(CameraMove{});
    EXPECT_EQ(motion.take_up(kChunk).points(), 2);
}

// A camera that is moved step by step, and one that is asked where it is by its name.
TEST(CameraMoves, MovedStepByStepItIsWhereThePresetIs) {
    const TrackFrame take{kWidth, kHeight, kRate};
    for (const char* name :
         {"truck-left", "pedestal-up", "pan-left", "tilt-up", "orbit-right", "roll-clockwise"}) {
        const auto path = camera_path_of(name, 1, 2, 17, take);
        Pinhole camera = path[0];
        for (int i = 0; i < 16; ++i) {
            camera = moved(camera, camera_move_of(name, 1), 2, 1 / kRate);
        }
        for (size_t i = 0; i < 3; ++i) {
            EXPECT_NEAR(camera.centre()[i], path[16].centre()[i], 1e-9) << name;
            EXPECT_NEAR(camera.rotation[i], path[16].rotation[i], 1e-9) << name;
        }
    }
}

TEST(PlaneCamera, LooksBackToWhereItWas) {
    PlaneCamera camera;
    camera =
        moved(camera, {.right = 0.1, .down = -0.2, .forward = 0.3, .orbit = 0.4, .roll = 0.5}, 1);
    for (const double x : {20.0, 128.0, 250.0}) {
        for (const double y : {5.0, 72.0, 140.0}) {
            const PlanePoint on = unproject(camera, x, y, kWidth, kHeight);
            const PicturePoint back = project(camera, on, kWidth, kHeight);
            EXPECT_NEAR(back.x, x, 1e-9);
            EXPECT_NEAR(back.y, y, 1e-9);
            EXPECT_TRUE(back.in_front);
        }
    }
    const PicturePoint grown = project(moved({}, {.forward = std::log(2)}, 1), {0.1, 0}, 256, 144);
    EXPECT_NEAR(grown.x - 128, 2 * 25.6, 1e-9);
}

}  // namespace
}  // namespace longtake::generator
