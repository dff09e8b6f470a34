#pragma once

#include "interactive/panels/panels.h"

namespace longtake::interactive {

class VolumeScreen;

// Each draws itself into its place and does what is clicked there.
void draw_volume_transport(VolumeScreen& screen, const render::Rect& place);
void draw_frame_strip(VolumeScreen& screen, const render::Rect& place);
void draw_volume_sidebar(VolumeScreen& screen, const render::Rect& place);

}  // namespace longtake::interactive
