#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace longtake::interactive {

// Numbered as GLFW numbers keys.
enum class Key : int {
    Space = 32,
    Comma = 44,
    Period = 46,
    K0 = 48,
    K1,
    K2,
    K3,
    K4,
    K5,
    K6,
    K7,
    K8,
    K9,
    A = 65,
    B,
    C,
    D,
    E,
    F,
    G,
    H,
    I,
    J,
    K,
    L,
    M,
    N,
    O,
    P,
    Q,
    R,
    S,
    T,
    U,
    V,
    W,
    X,
    Y,
    Z,
    Escape = 256,
    Enter,
    Tab,
    Backspace,
    Insert,
    Delete,
    Right,
    Left,
    Down,
    Up,
    PageUp,
    PageDown,
    Home,
    End,
    F1 = 290,
    F2,
    F3,
    F4,
    F5,
    F6,
    F7,
    F8,
    F9,
    F10,
    F11,
    F12,
};

struct Modifiers {
    bool ctrl = false, shift = false, alt = false;
    bool operator==(const Modifiers&) const = default;
};

// What a person does to a window, whoever reports it. Places are in pixels.
struct PointerMoved {
    float x, y;
};
struct ButtonChanged {
    int button;  // 0 left, 1 right, 2 middle
    bool down;
};
struct Scrolled {
    float x, y;
};
struct KeyChanged {
    Key key;
    bool down;
    Modifiers modifiers;
};
struct TextTyped {
    char32_t character;
};
struct FilesDropped {
    std::vector<std::string> paths;
};
using InputEvent =
    std::variant<PointerMoved, ButtonChanged, Scrolled, KeyChanged, TextTyped, FilesDropped>;

}  // namespace longtake::interactive
