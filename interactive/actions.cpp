#include "interactive/actions.h"

#include "core/error.h"

#include <algorithm>
#include <array>

namespace longtake::interactive {
namespace {

constexpr Modifiers kNone{};
constexpr Modifiers kCtrl{.ctrl = true};
constexpr Modifiers kShift{.shift = true};
constexpr const char* kTake = "TAKE";
constexpr const char* kPrompt = "PROMPT";
constexpr const char* kMotion = "MOTION";
constexpr const char* kView = "VIEW";

constexpr std::array kBindings{
    Binding{Action::PlayPause, Key::Space, kNone, "Space", "Play or pause", kTake},
    Binding{Action::StepFrame, Key::Period, kNone, "Period", "One frame further", kTake},
    Binding{Action::Restart, Key::R, kNone, "R", "Restart with the same seed", kTake},
    Binding{Action::NewTake, Key::N, kNone, "N", "New take: the next seed", kTake},
    Binding{Action::Record, Key::R, kCtrl, "Ctrl R",
            "Record, losslessly, with what it takes to "
            "make it again",
            kTake},
    Binding{Action::GoLive, Key::L, kCtrl, "Ctrl L", "Send it live to an address, or end that",
            kTake},
    Binding{Action::Screenshot, Key::F12, kNone, "F12", "Save a picture of the window", kTake},
    Binding{Action::OpenSample, Key::O, kNone, "O", "Walk around in the bundled stream", kTake},
    Binding{Action::ForgetImage, Key::I, kNone, "I", "Begin without the first picture", kTake},
    Binding{Action::FocusPrompt, Key::Enter, kNone, "Enter", "Write a prompt", kPrompt},
    Binding{Action::SendPrompt, Key::Enter, kNone, "Enter again", "Show it from the next chunk on",
            kPrompt},
    Binding{Action::CutToPrompt, Key::Enter, kCtrl, "Ctrl Enter",
            "Cut to it: forget what was before", kPrompt},
    Binding{Action::AddToTimeline, Key::Enter, kShift, "Shift Enter",
            "Plan it, five seconds after the last", kPrompt},
    Binding{Action::SavePrompts, Key::T, kCtrl, "Ctrl T", "Save the timeline as .txt", kPrompt},
    Binding{Action::Preset1, Key::K1, kNone, "1", "Show a preset", kPrompt},
    Binding{Action::Preset2, Key::K2, kNone, "2", "Show a preset", kPrompt},
    Binding{Action::Preset3, Key::K3, kNone, "3", "Show a preset", kPrompt},
    Binding{Action::Preset4, Key::K4, kNone, "4", "Show a preset", kPrompt},
    Binding{Action::Preset5, Key::K5, kNone, "5", "Show a preset", kPrompt},
    Binding{Action::Preset6, Key::K6, kNone, "6", "Show a preset", kPrompt},
    Binding{Action::Preset7, Key::K7, kNone, "7", "Show a preset", kPrompt},
    Binding{Action::Preset8, Key::K8, kNone, "8", "Show a preset", kPrompt},
    Binding{Action::Preset9, Key::K9, kNone, "9", "Show a preset", kPrompt},
    Binding{Action::DragPoints, Key::G, kNone, "G", "Take hold of points and drag them", kMotion},
    Binding{Action::PinPoints, Key::P, kNone, "P", "Points that stay where they are", kMotion},
    Binding{Action::DrawPath, Key::D, kNone, "D", "Draw the path that points will go", kMotion},
    Binding{Action::ShowCamera, Key::C, kNone, "C", "A pad for the camera; arrows move it, too",
            kMotion},
    Binding{Action::ShowLayer, Key::L, kNone, "L", "Carry, grow and turn all points together",
            kMotion},
    Binding{Action::UndoMotion, Key::Z, kCtrl, "Ctrl Z", "Undo the last of them", kMotion},
    Binding{Action::ClearMotion, Key::Delete, kNone, "Delete", "Let go of all points", kMotion},
    Binding{Action::SaveTracks, Key::S, kCtrl, "Ctrl S", "Save the take's tracks as .npz", kMotion},
    Binding{Action::TogglePanels, Key::Tab, kNone, "Tab", "Only the picture", kView},
    Binding{Action::ToggleTimeline, Key::T, kNone, "T", "Timeline", kView},
    Binding{Action::ToggleSidebar, Key::S, kNone, "S", "Presets, memory and speed", kView},
    Binding{Action::ToggleScaling, Key::X, kNone, "X", "Smooth, or every pixel sharp", kView},
    Binding{Action::Fullscreen, Key::F11, kNone, "F11", "Whole screen", kView},
    Binding{Action::Help, Key::F1, kNone, "F1", "These keys", kView},
    Binding{Action::Leave, Key::Escape, kNone, "Esc", "Leave the prompt or this page", kView},
    Binding{Action::Quit, Key::Q, kCtrl, "Ctrl Q", "Quit", kView},
};

bool is_text(const Binding& b) {
    return !b.modifiers.ctrl && b.key < Key::Escape;
}

// Keys that move in text or between fields, not us.
bool belongs_to_text(const Binding& b) {
    return is_text(b) || b.key == Key::Tab || b.key == Key::Delete ||
           b.action == Action::FocusPrompt || b.action == Action::SendPrompt ||
           b.action == Action::CutToPrompt || b.action == Action::AddToTimeline;
}

}  // namespace

std::span<const Binding> live_keys() {
    return kBindings;
}

std::optional<Action> action_of(std::span<const Binding> keys, const KeyChanged& key, bool typing) {
    for (const Binding& b : keys) {
        if (b.key == key.key && b.modifiers == key.modifiers && !(typing && belongs_to_text(b))) {
            return b.action;
        }
    }
    return std::nullopt;
}

std::string tooltip_of(std::span<const Binding> keys, Action action) {
    const auto found = std::ranges::find(keys, action, &Binding::action);
    check(found != keys.end(), "an action without a key");
    return fmt::format("{}   [{}]", found->label, found->keys);
}

}  // namespace longtake::interactive
