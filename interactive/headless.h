#pragma once

#include "core/video_writer.h"
#include "interactive/screen.h"
#include "interactive/ui_script.h"

#include <functional>
#include <vector>

namespace longtake::interactive {

struct HeadlessOptions {
    int width = 1280, height = 760;
    float scale = 1;
    render::Validation validation = render::Validation::Off;
    // What the window would show, `rate` times a second, goes here. It is made once the size is
    // known.
    std::function<std::unique_ptr<FrameWriter>(int width, int height)> video;
    std::function<bool()> stop = [] { return false; };
    static constexpr double kRate = 32;  // pictures a second
};

// The screen of `address` without a display: follows a script on a clock of its own, on which
// making frames costs no time, so that the same script always gives the same pictures.
void run_headless(const std::string& address, ScreenOptions screen, const ScreenMaker& maker,
                  const std::vector<ScriptStep>& script, const HeadlessOptions& options);

}  // namespace longtake::interactive
