#pragma once

#include "interactive/input.h"

#include <optional>
#include <span>
#include <string>

namespace longtake::interactive {

enum class Action : uint8_t {
    PlayPause,
    StepFrame,
    Restart,
    NewTake,
    Record,
    Screenshot,
    FocusPrompt,
    SendPrompt,
    CutToPrompt,
    AddToTimeline,
    Preset1,
    Preset2,
    Preset3,
    Preset4,
    Preset5,
    Preset6,
    Preset7,
    Preset8,
    Preset9,
    TogglePanels,
    ToggleTimeline,
    ToggleSidebar,
    ToggleScaling,
    Fullscreen,
    ForgetImage,
    Help,
    Leave,
    Quit,
};

// The one list of what keys do: the help page, the tooltips and the keyboard follow it.
struct Binding {
    Action action;
    Key key;
    Modifiers modifiers;
    const char* keys;   // as a person would say it
    const char* label;  // what it does
    const char* group;
};
std::span<const Binding> bindings();
const Binding& binding_of(Action action);
// While somebody types, only keys that are no text act.
std::optional<Action> action_of(const KeyChanged& key, bool typing);
std::string tooltip_of(Action action);

}  // namespace longtake::interactive
