#pragma once

#include "gaussians/scene/dataset.h"

#include <array>
#include <filesystem>

namespace longtake::gaussians {

// A way to lay out a dataset. `recognizes` looks only at which files are there; `read` throws
// InputError naming the file that is wrong.
struct Layout {
    const char* shown;  // what a user would look for
    bool (*recognizes)(const std::filesystem::path& path);
    Capture (*read)(const std::filesystem::path& path);
};

// COLMAP: images/ and sparse/0/{cameras,images,points3D}.{bin,txt}; the folder, or the model in it.
bool is_colmap(const std::filesystem::path& path);
Capture read_colmap(const std::filesystem::path& path);

// A folder in COLMAP's layout for each frame: frame000000/, frame000001/ ... (3DGStream), or
// colmap_0/, colmap_1/ ... Cameras are those of the first.
bool is_frame_folders(const std::filesystem::path& path);
Capture read_frame_folders(const std::filesystem::path& path);

// nerfstudio, instant-ngp, NeRF: transforms.json or transforms_train.json; the folder, or the file.
bool is_transforms(const std::filesystem::path& path);
Capture read_transforms(const std::filesystem::path& path);

inline constexpr std::array<Layout, 3> kLayouts{{
    {"frame000000/ (3DGStream)", is_frame_folders, read_frame_folders},
    {"sparse/0 (COLMAP)", is_colmap, read_colmap},
    {"transforms.json (nerfstudio, instant-ngp)", is_transforms, read_transforms},
}};

}  // namespace longtake::gaussians
