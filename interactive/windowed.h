#pragma once

#include "interactive/screen.h"

#include <filesystem>
#include <functional>

namespace longtake::interactive {

struct WindowedOptions {
    render::Validation validation = render::Validation::Off;
    std::filesystem::path settings;  // where they are kept
    std::function<bool()> stop = [] { return false; };
};

// The screen of `address` in a window, and what is opened in its place, until the window is closed.
// Throws InputError when there is no display or no device that draws.
void run_in_window(const std::string& address, ScreenOptions screen, const ScreenMaker& maker,
                   const WindowedOptions& options);

}  // namespace longtake::interactive
