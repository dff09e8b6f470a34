#pragma once

#include "core/error.h"
#include "core/image.h"
#include "gaussians/scene/dataset.h"
#include "tests/core/temporary_folder.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>

namespace longtake::gaussians {

// A grey picture.
inline Tensor grey(int64_t height, int64_t width, int level) {
    Tensor image({height, width, 3}, DType::U8);
    std::ranges::fill(image.values<uint8_t>(), static_cast<uint8_t>(level));
    return image;
}

inline int level_of(const std::optional<Tensor>& image) {
    return image ? image->data<uint8_t>()[0] : -1;
}

inline void write_file(const std::filesystem::path& path, const std::string& text) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
}

inline void write_picture(const std::filesystem::path& path, const Tensor& image) {
    std::filesystem::create_directories(path.parent_path());
    write_png(path, image);
}

// Where a camera sees a point of the world.
inline std::array<double, 2> project(const Camera& camera, const std::array<double, 3>& point) {
    std::array<double, 3> at = camera.translation;
    for (size_t i = 0; i < 9; ++i) {
        at[i / 3] += camera.rotation[i] * point[i % 3];
    }
    return {camera.fx * at[0] / at[2] + camera.cx, camera.fy * at[1] / at[2] + camera.cy};
}

inline std::string dataset_complaint(const std::filesystem::path& path) {
    try {
        Dataset::open(path).image(0, 0);
    } catch (const InputError& e) {
        return e.what();
    }
    return "no complaint";
}

}  // namespace longtake::gaussians
