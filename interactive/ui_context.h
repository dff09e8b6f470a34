#pragma once

#include "interactive/input.h"
#include "render/renderer.h"

#include <cstdint>

struct ImGuiContext;
struct ImFont;

namespace longtake::interactive {

// Dear ImGui: its context, its fonts at the screen's scale, its colours, and input.
class UiContext {
  public:
    UiContext();
    ~UiContext();
    UiContext(const UiContext&) = delete;
    UiContext& operator=(const UiContext&) = delete;

    // Pixels, and how many of them make one unit of the design. Before `begin`.
    void resize(int width, int height, float scale);
    void feed(const InputEvent& event);
    void begin(double now);
    const ImDrawData* end();
    bool typing() const;
    bool over_panel() const;  // the pointer is, or holds something of one

    float scale() const { return scale_; }
    const render::FontPicture& font() const { return font_; }
    const render::FontPicture* new_font();  // since the last time it was asked for

    void renew_font() { font_is_new_ = true; }

    ImFont* body = nullptr;
    ImFont* small = nullptr;
    ImFont* large = nullptr;

  private:
    void make_fonts();

    ImGuiContext* context_;
    float scale_ = 0;
    double last_ = 0;
    render::FontPicture font_{};
    bool font_is_new_ = false;
};

}  // namespace longtake::interactive
