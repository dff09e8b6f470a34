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
    GoLive,
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
    DragPoints,
    PinPoints,
    DrawPath,
    ShowCamera,
    ShowLayer,
    UndoMotion,
    ClearMotion,
    SaveTracks,
    SavePrompts,
    TogglePanels,
    ToggleTimeline,
    ToggleSidebar,
    ToggleScaling,
    Fullscreen,
    ForgetImage,
    Help,
    Leave,
    Quit,
    OpenLive,
    OpenSample,
    StepBack,
    SeekForward,
    SeekBack,
    Faster,
    Slower,
    Loop,
    Harmonics,
    OnlyChanged,
    Gates,
    Depth,
    Cameras,
    Guides,
    Fly,
    ResetView,
    NextCamera,
    AddKey,
    RidePath,
    SavePath,
};

// What a key does. The help page, the tooltips and the keyboard follow one list of them, which each
// screen has.
struct Binding {
    Action action;
    Key key;
    Modifiers modifiers;
    const char* keys;   // as a person would say it
    const char* label;  // what it does
    const char* group;
};
std::span<const Binding> live_keys();
// While somebody types, only keys that are no text act.
std::optional<Action> action_of(std::span<const Binding> keys, const KeyChanged& key, bool typing);
std::string tooltip_of(std::span<const Binding> keys, Action action);

}  // namespace longtake::interactive
