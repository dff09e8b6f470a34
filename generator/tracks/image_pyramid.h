#pragma once

#include "core/tensor.h"

#include <cstdint>
#include <span>
#include <vector>

namespace longtake::generator {

// An image at its own size and at halves of it, as floats, with a rim of repeated pixels around
// each, so that patches are read without looking where the image ends.
class ImagePyramid {
  public:
    // image [H, W, 3]; halved until a side would be shorter than `least`. Patches reach `rim`
    // pixels beyond the image at most.
    ImagePyramid(const Tensor& image, int64_t least, int64_t rim);

    int64_t levels() const { return std::ssize(levels_); }
    int64_t width() const { return levels_.front().width; }
    int64_t height() const { return levels_.front().height; }

    // Pixels of a level around a place, in between them bilinear: [2 reach + 1, 2 reach + 1, 3]
    // into `patch`. The place is in pixels of the level, the centre of the first at 0.5, and is
    // taken to be inside; reach < rim.
    void sample(int64_t level, float x, float y, int64_t reach, std::span<float> patch) const;

  private:
    struct Level {
        int64_t width, height;
        std::vector<float> pixels;  // with the rim
    };
    void add_rim(Level& level) const;
    Level halved(const Level& level) const;
    size_t at(const Level& level, int64_t x, int64_t y) const {
        return static_cast<size_t>(3 * ((y + rim_) * (level.width + 2 * rim_) + x + rim_));
    }

    int64_t rim_;
    std::vector<Level> levels_;
};

}  // namespace longtake::generator
