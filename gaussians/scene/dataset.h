#pragma once

#include "core/tensor.h"
#include "gaussians/scene/camera.h"
#include "gaussians/scene/lens.h"
#include "gaussians/scene/picture_source.h"
#include "gaussians/scene/points.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace longtake::gaussians {

// A calibrated camera and the pictures that it took.
struct CapturedView {
    std::string name;  // such as cam00
    Lens lens;         // as calibrated; its size may be another than the pictures'
    PictureSource pictures;
};

// What the loader of a layout finds.
struct Capture {
    std::string layout;  // "COLMAP", ...
    std::vector<CapturedView> views;
    Points points;  // none where the layout has none
};

// One scene from several cameras, for one frame or many: cameras as ideal pinholes at the size of
// the pictures, and the pictures to fit.
class Dataset {
  public:
    // A folder in any layout of datasets/, told by what is in it, or the file that describes it.
    static bool recognizes(const std::filesystem::path& path);
    // Throws InputError naming the file.
    static Dataset open(const std::filesystem::path& path);
    explicit Dataset(Capture capture);

    const std::string& layout() const { return layout_; }
    size_t view_count() const { return views_.size(); }  // at least one; sorted by name
    const std::string& name(size_t view) const { return views_[view].name; }
    const Camera& camera(size_t view) const { return cameras_[view]; }
    const Points& points() const { return points_; }
    // How many frames every view has; not known of videos.
    std::optional<int64_t> frame_count() const;
    // Videos are still being written: they go on as they grow. Images: open the dataset anew.
    void follow();
    // About how many frames of some video lie behind the one that was asked for last.
    int64_t waiting() const;
    // [H, W, 3] of camera(view)'s size, undistorted; nothing beyond the last frame. Frames are best
    // asked for in their order.
    std::optional<Tensor> image(size_t view, int64_t frame);

  private:
    std::string layout_;
    std::vector<CapturedView> views_;  // lenses at the size of the pictures
    std::vector<Camera> cameras_;
    Points points_;
};

}  // namespace longtake::gaussians
