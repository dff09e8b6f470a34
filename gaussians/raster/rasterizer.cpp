#include "gaussians/raster/rasterizer.h"

#include "core/error.h"

namespace longtake::gaussians {

template <typename Scalar> void PlanarPicture<Scalar>::resize(int64_t height, int64_t width) {
    const auto area = static_cast<std::size_t>(height * width);
    colour.resize(3 * area);
    alpha.resize(area);
    depth.resize(area);
}

template <typename Scalar> BlendScene<Scalar> Rasterizer<Scalar>::scene() const {
    const auto& b = options_.background;
    return {.grid = grid_,
            .lists = lists_,
            .splats = splats_.data(),
            .background = {static_cast<Scalar>(b[0]), static_cast<Scalar>(b[1]),
                           static_cast<Scalar>(b[2])}};
}

template <typename Scalar>
void Rasterizer<Scalar>::forward(const AttributeView<Scalar>& gaussians, const Camera& camera,
                                 const RenderOptions& options, PlanarPicture<Scalar>& picture) {
    check(camera.width > 0 && camera.height > 0, "a camera of {}x{} has no pixels", camera.width,
          camera.height);
    camera_ = camera;
    options_ = options;
    grid_ = TileGrid(camera.width, camera.height);
    grid_.alive = options.tiles;
    check(grid_.alive.empty() || static_cast<int64_t>(grid_.alive.size()) == grid_.count(),
          "a mask of {} tiles for a picture of {}", grid_.alive.size(), grid_.count());
    picture.resize(camera.height, camera.width);
    project(gaussians, camera, options, splats_);
    binner_.run(splats_, grid_, lists_);
    blend(scene(), picture.planes());
}

template <typename Scalar>
void Rasterizer<Scalar>::backward(const AttributeView<Scalar>& gaussians,
                                  const PlanarPicture<Scalar>& picture,
                                  const PlanarPicture<Scalar>& by_picture,
                                  CloudGradient<Scalar>& out) {
    const auto area = static_cast<std::size_t>(grid_.width * grid_.height);
    check(picture.alpha.size() == area && by_picture.alpha.size() == area,
          "pictures of {} and {} pixels, not {}", picture.alpha.size(), by_picture.alpha.size(),
          area);
    check(gaussians.count == static_cast<int64_t>(splats_.size()), "{} Gaussians, not {}",
          gaussians.count, splats_.size());
    slots_.resize(lists_.entries.size());
    blend_backward(scene(), picture.planes(), by_picture.planes(), slots_.data());
    project_backward(gaussians, camera_, options_, splats_, lists_, slots_, out);
}

template struct PlanarPicture<float>;
template struct PlanarPicture<double>;
template class Rasterizer<float>;
template class Rasterizer<double>;

}  // namespace longtake::gaussians
