#pragma once

#include "core/canvas.h"
#include "generator/tracks/image_pyramid.h"

#include <cstdint>
#include <optional>

namespace longtake::generator {

constexpr int64_t kPatchReach = 7;  // pixels of a patch on each side of its middle
constexpr int64_t kPyramidRim = kPatchReach + 3, kSmallestLevel = 16;

// Where the patch around `from` in one picture is in another, looked for from `guess` on: from the
// smallest level to the largest, by the flow that makes the squared difference least (Lucas and
// Kanade; Bouguet's form). Nothing where the patch has no texture in some direction, or the way
// leads out of the picture. Pixels of the pictures, the centre of the first at 0.5.
struct PatchMatch {
    Spot at;
    float difference;  // of the patches: root of the mean square, 0 to 255
};
std::optional<PatchMatch> find_patch(const ImagePyramid& picture, Spot from,
                                     const ImagePyramid& other, Spot guess, int64_t levels);

}  // namespace longtake::generator
