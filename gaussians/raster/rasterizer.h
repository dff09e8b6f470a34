#pragma once

#include "gaussians/raster/attributes.h"
#include "gaussians/raster/bin.h"
#include "gaussians/raster/blend.h"
#include "gaussians/raster/project_backward.h"
#include "gaussians/raster/render.h"

#include <cstdint>
#include <vector>

namespace longtake::gaussians {

// A picture, or the gradient of a loss by it.
template <typename Scalar> struct PlanarPicture {
    PlanarPicture() = default;
    PlanarPicture(int64_t height, int64_t width) { resize(height, width); }
    void resize(int64_t height, int64_t width);
    PicturePlanes<Scalar> planes() { return {colour.data(), alpha.data(), depth.data()}; }
    PicturePlanes<const Scalar> planes() const {
        return {colour.data(), alpha.data(), depth.data()};
    }

    std::vector<Scalar> colour;  // [3, H, W]
    std::vector<Scalar> alpha;   // [H, W]
    std::vector<Scalar> depth;   // [H, W]
};

// The parts in their order: project, bin, blend. Keeps its memory from picture to picture. The
// results do not depend on the number of threads.
template <typename Scalar> class Rasterizer {
  public:
    // Throws Error for a picture of no pixels or a tile mask of another size.
    void forward(const AttributeView<Scalar>& gaussians, const Camera& camera,
                 const RenderOptions& options, PlanarPicture<Scalar>& picture);

    // The gradient of a loss by the Gaussians of the last forward pass, from that by its picture;
    // all three are those of that pass.
    void backward(const AttributeView<Scalar>& gaussians, const PlanarPicture<Scalar>& picture,
                  const PlanarPicture<Scalar>& by_picture, CloudGradient<Scalar>& out);

    // Of the last forward pass: [N], and the lists of its tiles.
    const std::vector<Splat<Scalar>>& splats() const { return splats_; }
    const TileLists& lists() const { return lists_; }

  private:
    BlendScene<Scalar> scene() const;

    Camera camera_;
    RenderOptions options_;
    TileGrid grid_;
    std::vector<Splat<Scalar>> splats_;
    Binner<Scalar> binner_;
    TileLists lists_;
    std::vector<SplatGradient<Scalar>> slots_;
};

}  // namespace longtake::gaussians
