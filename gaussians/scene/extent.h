#pragma once

#include "gaussians/scene/cloud.h"

#include <array>

namespace longtake::gaussians {

// Where the bulk of a cloud is; far and faint Gaussians do not count.
struct Extent {
    std::array<double, 3> centre{};
    double radius = 0;  // holds nineteen twentieths of what counts
};

Extent extent_of(const Cloud& cloud);  // of an empty cloud: zero

}  // namespace longtake::gaussians
