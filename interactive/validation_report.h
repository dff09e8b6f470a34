#pragma once

#include "render/instance.h"

namespace longtake::interactive {

// Throws Error with the first message, if the validation layer found anything wrong.
void report_validation(const render::Instance& instance);

}  // namespace longtake::interactive
