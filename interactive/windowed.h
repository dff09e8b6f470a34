#pragma once

#include "interactive/viewer.h"

#include <filesystem>
#include <functional>

namespace longtake::interactive {

struct WindowedOptions {
    render::Validation validation = render::Validation::Off;
    std::filesystem::path settings;  // where they are kept
    std::function<bool()> stop = [] { return false; };
};

// The viewer in a window, until it is closed. Throws InputError when there is no display or no
// device that draws.
void run_in_window(ViewerOptions viewer, const Viewer::MakerOf& maker,
                   const WindowedOptions& options);

}  // namespace longtake::interactive
