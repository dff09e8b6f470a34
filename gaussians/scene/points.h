#pragma once

#include <cstdint>
#include <vector>

namespace longtake::gaussians {

// Where training may start.
struct Points {
    std::vector<float> positions;  // [N, 3] world
    std::vector<uint8_t> colours;  // [N, 3] sRGB

    int64_t count() const { return static_cast<int64_t>(positions.size() / 3); }
};

}  // namespace longtake::gaussians
