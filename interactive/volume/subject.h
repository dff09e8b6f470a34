#pragma once

#include "gaussians/scene/camera.h"
#include "gaussians/scene/extent.h"

#include <optional>
#include <vector>

namespace longtake::interactive {

// What the cameras of a capture look at: the point that is nearest to all their axes, and half of
// how far they are from it. Nothing where they do not look at one, as cameras side by side do.
std::optional<gaussians::Extent> seen_by(const std::vector<gaussians::Camera>& cameras);

}  // namespace longtake::interactive
