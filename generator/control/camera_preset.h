#pragma once

#include "core/pinhole.h"
#include "generator/control/handle.h"
#include "generator/tracks/track_file.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace longtake::generator {

// How a camera moves by the name of it: pan, tilt, truck, pedestal, dolly, orbit, roll, zoom, each
// in two directions (pan-left, dolly-in, roll-clockwise ...).
bool is_camera_preset(std::string_view name);
std::string camera_preset_names();  // in a row

// The same where the scene counts as a plane, for a take without an end; `speed` 1 is calm.
CameraMove camera_move_of(std::string_view name, double speed);

// The same as cameras, one a frame of the take, that begin at the origin and look along z; the
// middle of the scene is `distance` away, and the picture is as wide as that is far.
std::vector<Pinhole> camera_path_of(std::string_view name, double speed, double distance,
                                    int64_t frames, const TrackFrame& take);

// A camera after so many seconds of moving before a scene whose middle is `distance` away.
Pinhole moved(const Pinhole& camera, const CameraMove& move, double distance, double seconds);

}  // namespace longtake::generator
