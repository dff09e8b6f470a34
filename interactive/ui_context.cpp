#include "interactive/ui_context.h"

#include "interactive/font.h"
#include "interactive/theme.h"

#include <imgui.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace longtake::interactive {
namespace {

// What text fields know how to handle.
constexpr std::array<std::pair<Key, ImGuiKey>, 21> kEditing{{
    {Key::Tab, ImGuiKey_Tab},
    {Key::Left, ImGuiKey_LeftArrow},
    {Key::Right, ImGuiKey_RightArrow},
    {Key::Up, ImGuiKey_UpArrow},
    {Key::Down, ImGuiKey_DownArrow},
    {Key::PageUp, ImGuiKey_PageUp},
    {Key::PageDown, ImGuiKey_PageDown},
    {Key::Home, ImGuiKey_Home},
    {Key::End, ImGuiKey_End},
    {Key::Insert, ImGuiKey_Insert},
    {Key::Delete, ImGuiKey_Delete},
    {Key::Backspace, ImGuiKey_Backspace},
    {Key::Space, ImGuiKey_Space},
    {Key::Enter, ImGuiKey_Enter},
    {Key::Escape, ImGuiKey_Escape},
    {Key::A, ImGuiKey_A},
    {Key::C, ImGuiKey_C},
    {Key::V, ImGuiKey_V},
    {Key::X, ImGuiKey_X},
    {Key::Y, ImGuiKey_Y},
    {Key::Z, ImGuiKey_Z},
}};

void feed_key(const KeyChanged& event) {
    ImGuiIO& io = ImGui::GetIO();
    const auto* known = std::ranges::find(kEditing, event.key, &std::pair<Key, ImGuiKey>::first);
#if IMGUI_VERSION_NUM >= 18700
    io.AddKeyEvent(ImGuiMod_Ctrl, event.modifiers.ctrl);
    io.AddKeyEvent(ImGuiMod_Shift, event.modifiers.shift);
    io.AddKeyEvent(ImGuiMod_Alt, event.modifiers.alt);
    if (known != kEditing.end()) {
        io.AddKeyEvent(known->second, event.down);
    }
#else
    io.KeyCtrl = event.modifiers.ctrl;
    io.KeyShift = event.modifiers.shift;
    io.KeyAlt = event.modifiers.alt;
    if (known != kEditing.end()) {
        io.KeysDown[known->second] = event.down;
    }
#endif
}

void feed_pointer(const PointerMoved& event) {
    ImGui::GetIO().MousePos = {event.x, event.y};
}

}  // namespace

UiContext::UiContext() : context_(ImGui::CreateContext()) {
    ImGui::SetCurrentContext(context_);
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
    io.ConfigInputTextCursorBlink = false;  // nothing is drawn anew only for this
#if IMGUI_VERSION_NUM < 18700
    for (const auto& [key, editing] : kEditing) {
        io.KeyMap[editing] = editing;
    }
#endif
}

UiContext::~UiContext() {
    ImGui::DestroyContext(context_);
}

void UiContext::resize(int width, int height, float scale) {
    ImGui::GetIO().DisplaySize = {static_cast<float>(width), static_cast<float>(height)};
    if (scale != scale_) {
        scale_ = scale;
        set_theme(scale);
        make_fonts();
    }
}

void UiContext::make_fonts() {
    ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
    atlas.Clear();
    const auto font = [&](float size) {
        ImFontConfig config;
        config.FontDataOwnedByAtlas = false;
        config.OversampleH = 2;
        static constexpr std::array<ImWchar, 7> kRanges{0x20,   0x24F,  0x370, 0x52F,
                                                        0x2010, 0x2044, 0};
        const auto bytes = font_bytes();
        return atlas.AddFontFromMemoryTTF(const_cast<std::byte*>(bytes.data()),
                                          static_cast<int>(bytes.size()), std::round(size * scale_),
                                          &config, kRanges.data());
    };
    body = font(16);
    small = font(13);
    large = font(26);
    uint8_t* pixels = nullptr;
    int width = 0, height = 0;
    atlas.GetTexDataAsAlpha8(&pixels, &width, &height);
    font_ = {{pixels, static_cast<size_t>(width) * static_cast<size_t>(height)},
             {static_cast<uint32_t>(width), static_cast<uint32_t>(height)}};
    font_is_new_ = true;
}

const render::FontPicture* UiContext::new_font() {
    return std::exchange(font_is_new_, false) ? &font_ : nullptr;
}

void UiContext::feed(const InputEvent& event) {
    ImGuiIO& io = ImGui::GetIO();
    if (const auto* pointer = std::get_if<PointerMoved>(&event)) {
        feed_pointer(*pointer);
    } else if (const auto* button = std::get_if<ButtonChanged>(&event)) {
        io.MouseDown[button->button] = button->down;
    } else if (const auto* scroll = std::get_if<Scrolled>(&event)) {
        io.MouseWheelH += scroll->x;
        io.MouseWheel += scroll->y;
    } else if (const auto* key = std::get_if<KeyChanged>(&event)) {
        feed_key(*key);
    } else if (const auto* text = std::get_if<TextTyped>(&event)) {
        io.AddInputCharacter(text->character);
    }
}

void UiContext::begin(double now) {
    ImGui::GetIO().DeltaTime = static_cast<float>(std::clamp(now - last_, 1e-4, 1.0));
    last_ = now;
    ImGui::NewFrame();
}

const ImDrawData* UiContext::end() {
    ImGui::Render();
    return ImGui::GetDrawData();
}

bool UiContext::over_panel() const {
    return ImGui::GetIO().WantCaptureMouse;
}

bool UiContext::typing() const {
    return ImGui::GetIO().WantTextInput;
}

}  // namespace longtake::interactive
