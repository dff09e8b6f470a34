#include "interactive/camera_pad.h"

#include <algorithm>
#include <array>

namespace longtake::interactive {
namespace {

constexpr double kPan = 0.25;     // picture widths a second
constexpr double kForward = 0.5;  // e-fold a second
constexpr double kTurn = 0.5;     // radians a second
constexpr std::array kKeys{Key::Left, Key::Right, Key::Up, Key::Down, Key::PageUp, Key::PageDown};

}  // namespace

void CameraPad::key(const KeyChanged& key) {
    if (std::ranges::find(kKeys, key.key) == kKeys.end()) {
        return;
    }
    if (!key.down) {
        down_.erase(key.key);
    } else if (!key.modifiers.ctrl && !key.modifiers.alt) {
        down_.insert(key.key);
        shift_ = key.modifiers.shift;
    }
}

generator::CameraMove CameraPad::move() const {
    const auto axis = [this](Key less, Key more) {
        return (down_.contains(more) ? 1.0 : 0.0) - (down_.contains(less) ? 1.0 : 0.0);
    };
    const double across = axis(Key::Left, Key::Right), along = axis(Key::Up, Key::Down);
    const double pan = shift_ ? 0 : 1, turn = 1 - pan;
    return {.right = kPan * (pad_.right + pan * across),
            .down = kPan * (pad_.down + pan * along),
            .forward = kForward * (pad_.forward + axis(Key::PageDown, Key::PageUp)),
            .orbit = kTurn * (pad_.orbit + turn * across),
            .roll = kTurn * (pad_.roll + turn * along)};
}

}  // namespace longtake::interactive
