#pragma once

#include "generator/control/handle.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace longtake::interactive {

enum class MotionTool : uint8_t { None, Drag, Pin, Path };

// The points that a hand takes hold of: a grid around the pointer.
struct Brush {
    float radius = 0;   // pixels of the take; 0: one point
    float spacing = 1;  // between points
    float falloff = 0;  // 0: all go the whole way; 1: those at the rim stay
};

// What somebody paints onto a take: handles, in pixels of the take, and the tool in hand. Knows no
// window; times are in seconds of any steady clock.
class MotionEditor {
  public:
    MotionEditor(int64_t width, int64_t height, double frame_rate);

    MotionTool tool() const { return tool_; }
    void take(MotionTool tool, double now);  // the same again: puts it away
    Brush& brush() { return brush_; }
    double& speed() { return speed_; }  // of paths: times that of the hand that drew them

    // The pointer with its button; `now` is when. Places outside the picture are drawn in.
    void press(float x, float y, double now);
    void move(float x, float y, double now);
    void release(double now);
    bool holding() const { return holding_; }

    void undo();   // the last handle
    void clear();  // all of them
    // A handle whose end the take has passed.
    void ended(int64_t id);

    std::span<const generator::Handle> handles() const { return handles_; }
    // Whether they are not those that were taken last.
    bool changed() const { return changed_; }
    std::vector<generator::Handle> take_handles();

    // Where on a drawn path is the pointer: the frame since its beginning, within `reach` pixels.
    std::optional<int64_t> frame_under(float x, float y, float reach) const;

  private:
    std::vector<generator::Handle::Point> points_around(float x, float y) const;
    generator::Handle& held() { return handles_.back(); }

    float width_, height_;
    double frame_rate_;
    MotionTool tool_ = MotionTool::None;
    Brush brush_;
    double speed_ = 1;
    std::vector<generator::Handle> handles_;
    int64_t next_id_ = 0;
    bool holding_ = false, changed_ = false;
    double pressed_ = 0;
    float from_x_ = 0, from_y_ = 0;
};

uint32_t colour_of(generator::Handle::Kind kind);

}  // namespace longtake::interactive
