#include "interactive/volume/volume_screen.h"

#include <array>

namespace longtake::interactive {
namespace {

constexpr Modifiers kNone{};
constexpr Modifiers kCtrl{.ctrl = true};
constexpr const char* kTime = "TIME";
constexpr const char* kCamera = "CAMERA";
constexpr const char* kLook = "LOOK";
constexpr const char* kView = "VIEW";

constexpr std::array kKeys{
    Binding{Action::PlayPause, Key::Space, kNone, "Space", "Play or pause", kTime},
    Binding{Action::StepFrame, Key::Period, kNone, "Period", "One frame further", kTime},
    Binding{Action::StepBack, Key::Comma, kNone, "Comma", "One frame back", kTime},
    Binding{Action::SeekForward, Key::Right, kNone, "Right", "A second further", kTime},
    Binding{Action::SeekBack, Key::Left, kNone, "Left", "A second back", kTime},
    Binding{Action::Restart, Key::Home, kNone, "Home", "To the first frame", kTime},
    Binding{Action::Faster, Key::Up, kNone, "Up", "Faster", kTime},
    Binding{Action::Slower, Key::Down, kNone, "Down", "Slower", kTime},
    Binding{Action::Loop, Key::L, kNone, "L", "Again from the beginning, or not", kTime},
    Binding{Action::Fly, Key::F, kNone, "F", "Fly, or turn around the scene", kCamera},
    Binding{Action::ResetView, Key::R, kNone, "R", "Back to where the view began", kCamera},
    Binding{Action::NextCamera, Key::C, kNone, "C", "Stand where the next camera stood", kCamera},
    Binding{Action::AddKey, Key::K, kNone, "K", "Put this view at the end of a path", kCamera},
    Binding{Action::RidePath, Key::P, kNone, "P", "Ride along the path, or stop", kCamera},
    Binding{Action::SavePath, Key::S, kCtrl, "Ctrl S", "Save the path for `render`", kCamera},
    Binding{Action::Harmonics, Key::H, kNone, "H", "Colours by direction, or not", kLook},
    Binding{Action::OnlyChanged, Key::V, kNone, "V", "Only what the frame changed", kLook},
    Binding{Action::Gates, Key::G, kNone, "G", "What the frame did to each Gaussian", kLook},
    Binding{Action::Depth, Key::Z, kNone, "Z", "Depth instead of colours", kLook},
    Binding{Action::Cameras, Key::B, kNone, "B", "Where the cameras stood", kLook},
    Binding{Action::Guides, Key::J, kNone, "J", "Grid and axes", kLook},
    Binding{Action::TogglePanels, Key::Tab, kNone, "Tab", "Only the picture", kView},
    Binding{Action::ToggleTimeline, Key::T, kNone, "T", "Bytes of each frame", kView},
    Binding{Action::ToggleSidebar, Key::I, kNone, "I", "Figures, look and camera", kView},
    Binding{Action::OpenLive, Key::N, kNone, "N", "A live take instead", kView},
    Binding{Action::Screenshot, Key::F12, kNone, "F12", "Save a picture of the window", kView},
    Binding{Action::Fullscreen, Key::F11, kNone, "F11", "Whole screen", kView},
    Binding{Action::Help, Key::F1, kNone, "F1", "These keys", kView},
    Binding{Action::Leave, Key::Escape, kNone, "Esc", "Leave this page", kView},
    Binding{Action::Quit, Key::Q, kCtrl, "Ctrl Q", "Quit", kView},
};

}  // namespace

std::span<const Binding> volume_keys() {
    return kKeys;
}

}  // namespace longtake::interactive
