#include "interactive/motion_editor.h"

#include "interactive/camera_pad.h"

#include <gtest/gtest.h>

namespace longtake::interactive {
namespace {

using generator::Handle;

MotionEditor editor() {
    return {256, 144, 16};
}

TEST(MotionEditor, WithoutAToolNothingHappens) {
    MotionEditor motion = editor();
    motion.press(10, 10, 0);
    motion.move(20, 20, 1);
    motion.release(2);
    EXPECT_TRUE(motion.handles().empty());
    EXPECT_FALSE(motion.changed());
}

TEST(MotionEditor, ADragGoesWithTheHand) {
    MotionEditor motion = editor();
    motion.take(MotionTool::Drag, 0);
    motion.brush() = {.radius = 12, .spacing = 12, .falloff = 1};
    motion.press(100, 50, 1);
    ASSERT_TRUE(motion.changed());
    EXPECT_EQ(motion.take_handles().size(), 1u);
    motion.move(110, 45, 1.5);
    ASSERT_TRUE(motion.changed());
    const Handle held = motion.take_handles().front();
    EXPECT_EQ(held.points.size(), 5u);  // the middle and four at the rim
    EXPECT_EQ(held.path.back().x, 10);
    EXPECT_EQ(held.path.back().y, -5);
    for (const Handle::Point& point : held.points) {
        EXPECT_FLOAT_EQ(point.weight, point.x == 100 && point.y == 50 ? 1.F : 0.F);
    }
    EXPECT_FALSE(motion.changed());
    motion.release(2);
    const Handle released = motion.take_handles().front();
    EXPECT_TRUE(released.released);
    EXPECT_EQ(released.path.back().seconds, 2);
    EXPECT_EQ(released.path.back().x, 10);
    motion.ended(released.id);
    EXPECT_TRUE(motion.handles().empty());
    EXPECT_FALSE(motion.changed());  // the take knows
}

TEST(MotionEditor, PinsStayAndAreUndone) {
    MotionEditor motion = editor();
    motion.take(MotionTool::Pin, 0);
    motion.press(100, 50, 0);
    motion.release(0.1);
    motion.press(2, 2, 1);
    motion.release(1.1);
    const auto pinned = motion.take_handles();
    ASSERT_EQ(pinned.size(), 2u);
    EXPECT_LT(pinned[1].points.size(), pinned[0].points.size());  // what would be outside is not
    motion.undo();
    EXPECT_EQ(motion.take_handles().size(), 1u);
    motion.clear();
    EXPECT_TRUE(motion.changed());
    EXPECT_TRUE(motion.take_handles().empty());
}

TEST(MotionEditor, APathBeginsOnceItIsDrawn) {
    MotionEditor motion = editor();
    motion.take(MotionTool::Path, 0);
    motion.speed() = 2;
    motion.press(100, 50, 10);
    motion.move(120, 50, 11);
    EXPECT_FALSE(motion.changed());
    EXPECT_TRUE(motion.take_handles().empty());
    motion.move(140, 50, 12);
    motion.release(12);
    ASSERT_TRUE(motion.changed());
    const Handle path = motion.take_handles().front();
    EXPECT_EQ(path.path.back().seconds, 1);  // twice as fast as it was drawn
    EXPECT_EQ(motion.frame_under(121, 51, 4), 8);
    EXPECT_EQ(motion.frame_under(121, 90, 4), std::nullopt);
    motion.press(10, 10, 20);
    motion.release(20.1);
    EXPECT_EQ(motion.handles().size(), 1u);  // a click is no path
}

TEST(MotionEditor, TheSameToolAgainPutsItAway) {
    MotionEditor motion = editor();
    motion.take(MotionTool::Drag, 0);
    motion.press(100, 50, 1);
    motion.take(MotionTool::Drag, 2);
    EXPECT_EQ(motion.tool(), MotionTool::None);
    EXPECT_FALSE(motion.holding());
    EXPECT_TRUE(motion.handles().front().released);
}

TEST(CameraPad, KeysMoveAsLongAsTheyAreDown) {
    CameraPad pad;
    EXPECT_TRUE(pad.move().still());
    pad.key({Key::Right, true, {}});
    EXPECT_GT(pad.move().right, 0);
    pad.key({Key::PageUp, true, {}});
    EXPECT_GT(pad.move().forward, 0);
    pad.key({Key::Right, false, {}});
    EXPECT_EQ(pad.move().right, 0);
    pad.key({Key::PageUp, false, {}});
    pad.key({Key::Left, true, {.shift = true}});
    EXPECT_LT(pad.move().orbit, 0);
    EXPECT_EQ(pad.move().right, 0);
    pad.key({Key::Left, false, {}});
    pad.key({Key::R, true, {}});
    EXPECT_TRUE(pad.move().still());
    pad.pad() = {.right = 1};
    EXPECT_GT(pad.move().right, 0);
}

}  // namespace
}  // namespace longtake::interactive
