#include "gaussians/raster/blend.h"

#include "gaussians/raster/instructions.h"

#include <algorithm>

namespace longtake::gaussians {

extern const BlendKernel<float> kBlendPortable;
extern const BlendKernel<double> kBlendOracle;
#if defined(__x86_64__)
extern const BlendKernel<float> kBlendAvx2;
#endif

namespace {

// Tiles differ in cost: whoever is free takes the next.
template <typename Scalar, typename Body>
void for_each_tile(const BlendScene<Scalar>& scene, const Body& body) {
    const TileGrid& grid = scene.grid;
#pragma omp parallel for schedule(dynamic)
    for (int64_t tile = 0; tile < grid.count(); ++tile) {
        if (grid.is_alive(tile)) {
            const auto entries = scene.lists.of_tile(tile);
            const auto& b = scene.background;
            body(TileWork<Scalar>{.x = tile % grid.columns * kTileSide,
                                  .y = tile / grid.columns * kTileSide,
                                  .width = grid.width,
                                  .height = grid.height,
                                  .splats = scene.splats,
                                  .entries = entries.data(),
                                  .count = static_cast<int64_t>(entries.size()),
                                  .background = {b[0], b[1], b[2]}});
        }
    }
}

}  // namespace

template <> const BlendKernel<float>& blend_kernel<float>() {
#if defined(__x86_64__)
    if (has_avx2()) {
        return kBlendAvx2;
    }
#endif
    return kBlendPortable;
}

template <> const BlendKernel<double>& blend_kernel<double>() {
    return kBlendOracle;
}

template <typename Scalar>
void blend(const BlendScene<Scalar>& scene, const PicturePlanes<Scalar>& out) {
    const int64_t area = scene.grid.width * scene.grid.height;
    if (!scene.grid.alive.empty()) {
        std::fill_n(out.colour, 3 * area, Scalar{0});
        std::fill_n(out.alpha, area, Scalar{0});
        std::fill_n(out.depth, area, Scalar{0});
    }
    const auto forward = blend_kernel<Scalar>().forward;
    for_each_tile(scene, [&](const TileWork<Scalar>& work) { forward(work, out); });
}

template <typename Scalar>
void blend_backward(const BlendScene<Scalar>& scene, const PicturePlanes<const Scalar>& picture,
                    const PicturePlanes<const Scalar>& by_picture, SplatGradient<Scalar>* slots) {
    const auto backward = blend_kernel<Scalar>().backward;
    for_each_tile(
        scene, [&](const TileWork<Scalar>& work) { backward(work, picture, by_picture, slots); });
}

template void blend(const BlendScene<float>&, const PicturePlanes<float>&);
template void blend(const BlendScene<double>&, const PicturePlanes<double>&);
template void blend_backward(const BlendScene<float>&, const PicturePlanes<const float>&,
                             const PicturePlanes<const float>&, SplatGradient<float>*);
template void blend_backward(const BlendScene<double>&, const PicturePlanes<const double>&,
                             const PicturePlanes<const double>&, SplatGradient<double>*);

}  // namespace longtake::gaussians
