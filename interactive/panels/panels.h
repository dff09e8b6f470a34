#pragma once

#include "render/layout.h"

namespace longtake::interactive {

class Screen;
class Viewer;

// Where everything stands, in pixels; what is not shown is empty.
struct Layout {
    render::Rect video, prompt, transport, timeline, sidebar;
};
struct Parts {
    bool timeline, sidebar, transport, prompt;
};
Layout lay_out(Screen& screen, const Parts& parts);

// Each draws itself into its place and does what is clicked there.
void draw_overlay(Viewer& viewer, const Layout& layout, const render::Rect& video);
void draw_prompt_bar(Viewer& viewer, const render::Rect& place);
void draw_transport(Viewer& viewer, const render::Rect& place);
void draw_timeline(Viewer& viewer, const render::Rect& place);
void draw_sidebar(Viewer& viewer, const render::Rect& place);
void draw_notice(Screen& screen, const render::Rect& picture);
void draw_help(Screen& screen);
void draw_motion(Viewer& viewer, const render::Rect& video);  // the tools
void draw_motion_overlay(Viewer& viewer);                     // what was painted

// Parts of the sidebar.
void draw_presets(Viewer& viewer);
void draw_memory(Viewer& viewer);
void draw_model(Viewer& viewer);
void draw_cache_options(Viewer& viewer);
void draw_figures(Viewer& viewer);

}  // namespace longtake::interactive
