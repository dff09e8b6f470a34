#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace longtake::gaussians {

// The mean squared distance of each point [N, 3] to its three nearest others (to fewer where there
// are fewer; 0 when it is alone).
std::vector<float> neighbour_distances(std::span<const float> points);

}  // namespace longtake::gaussians
