#pragma once

#include "interactive/actions.h"
#include "render/layout.h"

#include <imgui.h>

#include <cstdint>
#include <string>

namespace longtake::interactive {

class Screen;

// A panel without frame at a fixed place; ends with the object.
class Panel {
  public:
    Panel(const char* name, const render::Rect& place);
    ~Panel();
    Panel(const Panel&) = delete;
    Panel& operator=(const Panel&) = delete;
};

enum class Icon : uint8_t {
    Play,
    Pause,
    Step,
    StepBack,
    Restart,
    Next,
    Record,
    Live,
    Stop,
    Camera,
    Loop,
    Help,
    Drag,
    Pin,
    Path,
    Pad,
    Layer,
    Cross,
    Save
};

// A button that does what its key does and says so.
void action_button(Screen& screen, Action action, Icon icon, uint32_t colour,
                   const char* label = "");

// Of the item before; waits a moment.
void tooltip(const std::string& text);
void heading(Screen& screen, const char* text);
void text(uint32_t colour, const std::string& text);
void small_text(Screen& screen, uint32_t colour, const std::string& text);
// A line of a name and what it is.
void figure(Screen& screen, const char* name, const std::string& value, const char* tip);
// The name of the field that follows on the same line, and how wide that is to fill the panel.
float field_name(Screen& screen, const char* name, const char* tip);
// A line of text on a dark ground over the picture, its middle at `x`.
void badge(Screen& screen, float x, float y, const std::string& text);
std::string clock_text(double seconds);  // "1:02.5"
// As much of it as fits into `width` pixels in the current font.
std::string shortened(const std::string& text, float width);

}  // namespace longtake::interactive
