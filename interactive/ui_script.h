#pragma once

#include "interactive/input.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

namespace longtake::interactive {

// What somebody would do in front of the viewer, one line each; '#' begins a remark:
//
//   wait 2.5              seconds
//   frames 48             until so many frames of the take have been shown
//   key Ctrl+Enter        presses and releases it
//   type a red ball       into the field that has the keyboard
//   move 300 200          the pointer
//   click 300 200         with the left button; also doubleclick
//   drag 300 200 400 200  with the left button
//   drop ball.png         a file on the window
//   size 1280 720         of the window
//   figures off           no measured times on the screen
//   shot view.png         saves the picture of the window
struct WaitSeconds {
    double seconds;
};
struct WaitFrames {
    int64_t frames;
};
struct ResizeTo {
    int width, height;
};
struct HideFigures {};
struct SaveShot {
    std::filesystem::path path;
};
using ScriptStep =
    std::variant<WaitSeconds, WaitFrames, ResizeTo, HideFigures, SaveShot, InputEvent>;

// InputError names the line that is wrong.
std::vector<ScriptStep> read_ui_script(const std::filesystem::path& path);

}  // namespace longtake::interactive
