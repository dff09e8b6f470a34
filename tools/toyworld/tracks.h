#pragma once

#include "tools/toyworld/render.h"

namespace longtake::toyworld {

// Where the points of one clip are; the layouts are those of ltw_tracks.
struct TrackOutputs {
    float* pixels;
    uint8_t* visible;
    float* positions;
    int32_t* slots;
};

void track_points(const std::vector<Frame>& frames, uint64_t seed, int width, int height,
                  int points, const TrackOutputs& out);

}  // namespace longtake::toyworld
