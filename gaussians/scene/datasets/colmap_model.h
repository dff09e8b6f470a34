#pragma once

#include "gaussians/scene/dataset.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace longtake::gaussians {

// What COLMAP writes (colmap/colmap, doc/format.rst). World to camera, OpenCV's axes; the centre of
// the first pixel is (0.5, 0.5).
struct ColmapModel {
    struct Image {
        std::string name;                // of the file, within the folder of images
        std::array<double, 4> rotation;  // w, x, y, z
        std::array<double, 3> translation;
        uint32_t camera;
    };
    std::map<uint32_t, Lens> cameras;  // without poses
    std::vector<Image> images;
    Points points;
};

// Of the files cameras, images and points3D in `folder`; points may be missing. Both throw
// InputError naming the file.
ColmapModel read_colmap_binary(const std::filesystem::path& folder);
ColmapModel read_colmap_text(const std::filesystem::path& folder);

// A lens from the parameters of one of COLMAP's camera models; throws InputError for an unknown
// one.
Lens colmap_lens(const std::string& model, int64_t width, int64_t height,
                 const std::vector<double>& parameters);
// Name and number of parameters of a model by its number in binary files.
std::pair<std::string, size_t> colmap_camera_model(int64_t id);

}  // namespace longtake::gaussians
