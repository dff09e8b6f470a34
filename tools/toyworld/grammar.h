#pragma once

#include <string>

#include "tools/toyworld/script.h"

namespace longtake::toyworld {

const char* name_of(int kind, int index);  // nullptr past the end

// A caption of one segment of a valid script. Every caption names the colour and the shape of every
// object; variant 0 also says every motion, the ground, the time of day and the camera.
std::string caption(const ltw_script& script, int segment, uint64_t variant);

}  // namespace longtake::toyworld
