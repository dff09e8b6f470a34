#pragma once

#include "generator/take.h"

#include <span>
#include <string>
#include <vector>

namespace longtake::cli {

// The smallest value that at least `share` (0 to 1) of the values do not exceed; 0 of nothing.
double quantile(std::vector<double> values, double share);

// One part of every chunk's time, such as &ChunkTimes::diffuse_ms.
std::vector<double> part_of(std::span<const generator::ChunkTimes> chunks,
                            double generator::ChunkTimes::*part);

// "240 frames in 31.2 s (7.69 frames/s, 0.48x real time); per chunk: diffuse ... ".
std::string summary_of(const generator::TakeReport& report, double frame_rate);

}  // namespace longtake::cli
