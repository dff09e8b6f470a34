#pragma once

#include "core/pinhole.h"

namespace longtake::gaussians {

// Lenses are undistorted on load.
using Camera = Pinhole;

}  // namespace longtake::gaussians
