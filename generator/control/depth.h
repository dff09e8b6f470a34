#pragma once

#include "core/pinhole.h"
#include "core/tensor.h"
#include "generator/tracks/track_file.h"

#include <filesystem>
#include <optional>
#include <vector>

namespace longtake::generator {

// How far off what a take shows is, along the camera's axis, in scene units.
struct Depth {
    int64_t width = 0, height = 0;
    std::vector<float> values;  // [height, width]; 0 or less, or no number: not known

    // At a pixel, the nearest value; nothing where that is not known.
    std::optional<double> at(double x, double y) const;
    // In the middle of all that is known, by count; of none at all: 1.
    double median() const;
};

// Depth of one frame or of many, at the take's size:
//   .png         16-bit grey, `scale` scene units a step (0.001: millimetres); a folder of them is
//                a frame each
//   .npy, .npz   [H, W] or [T, H, W], scene units times `scale` / 0.001; npz: array "depth"
//   video        brighter is nearer: full white is 1 scene unit away, half of it 2
// Frames are fitted to the take as pictures are: scaled until they cover it, the middle cut out.
// Throws InputError naming the file.
std::vector<Depth> read_depth(const std::filesystem::path& path, double scale,
                              const TrackFrame& take);

// Of a plane that faces `first` so far away, as `camera` sees it.
Depth plane_depth(const Pinhole& first, double distance, const Pinhole& camera);

}  // namespace longtake::generator
