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

// A folder for each frame, in COLMAP's layout: frame000000/, frame000001/ ... (3DGStream), or
// colmap_0/, colmap_1/ ...; or of numbers alone, each with poses_bounds.npy and a picture of each
// camera in images/ (Meet Room). Cameras are those of the first.
bool is_frame_folders(const std::filesystem::path& path);
Capture read_frame_folders(const std::filesystem::path& path);

// nerfstudio, instant-ngp, NeRF: transforms.json or transforms_train.json; the folder, or the file.
bool is_transforms(const std::filesystem::path& path);
Capture read_transforms(const std::filesystem::path& path);

// Neural 3D Video (and LLFF): poses_bounds.npy, whose rows are the cameras in the order of their
// names, and camXX.mp4, camXX/images/, camXX/, or a picture of each camera in images/; and where it
// is there points3D_downsample2.ply.
bool is_n3dv(const std::filesystem::path& path);
Capture read_n3dv(const std::filesystem::path& path);

// Qualisys: NAME.qca.txt, here or in calibration/, and videos named as the cameras' serials.
bool is_qualisys(const std::filesystem::path& path);
Capture read_qualisys(const std::filesystem::path& path);

// Google's Immersive Light Field Video (DeepView): models.json of fisheye cameras, camera_0001.mp4
// ...
bool is_immersive(const std::filesystem::path& path);
Capture read_immersive(const std::filesystem::path& path);

// The toy world of tools/toyworld: clip.json, and view_00/frame_0000.png ... of a rig at rest.
bool is_toyworld(const std::filesystem::path& path);
Capture read_toyworld(const std::filesystem::path& path);

inline constexpr std::array<Layout, 7> kLayouts{{
    {"frame000000/ (3DGStream) or 0000/ (Meet Room)", is_frame_folders, read_frame_folders},
    {"sparse/0 (COLMAP)", is_colmap, read_colmap},
    {"transforms.json (nerfstudio, instant-ngp)", is_transforms, read_transforms},
    {"poses_bounds.npy (N3DV)", is_n3dv, read_n3dv},
    {"*.qca.txt (Qualisys)", is_qualisys, read_qualisys},
    {"models.json (Immersive)", is_immersive, read_immersive},
    {"clip.json (toyworld)", is_toyworld, read_toyworld},
}};

}  // namespace longtake::gaussians
