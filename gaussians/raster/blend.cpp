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

template <> std::span<const BlendKernel<float>* const> blend_kernels<float>() {
#if defined(__x86_64__)
    static constexpr std::array kAll{&kBlendAvx2, &kBlendPortable};
    return std::span(kAll).subspan(has_avx2() ? 0 : 1);
#else
    static constexpr std::array kAll{&kBlendPortable};
    return kAll;
#endif
}

template <> std::span<const BlendKernel<double>* const> blend_kernels<double>() {
    static constexpr std::array kAll{&kBlendOracle};
    return kAll;
}

template <typename Scalar>
void blend(const BlendScene<Scalar>& scene, const PicturePlanes<Scalar>& out,
           const BlendKernel<Scalar>& kernel) {
    const int64_t area = scene.grid.width * scene.grid.height;
    if (!scene.grid.alive.empty()) {
        std::fill_n(out.colour, 3 * area, Scalar{0});
        std::fill_n(out.alpha, area, Scalar{0});
        std::fill_n(out.depth, area, Scalar{0});
    }
    for_each_tile(scene, [&](const TileWork<Scalar>& work) { kernel.forward(work, out); });
}

template <typename Scalar>
void blend_backward(const BlendScene<Scalar>& scene, const PicturePlanes<const Scalar>& picture,
                    const PicturePlanes<const Scalar>& by_picture, SplatGradient<Scalar>* slots,
                    const BlendKernel<Scalar>& kernel) {
    for_each_tile(scene, [&](const TileWork<Scalar>& work) {
        kernel.backward(work, picture, by_picture, slots);
    });
}

template void blend(const BlendScene<float>&, const PicturePlanes<float>&,
                    const BlendKernel<float>&);
template void blend(const BlendScene<double>&, const PicturePlanes<double>&,
                    const BlendKernel<double>&);
template void blend_backward(const BlendScene<float>&, const PicturePlanes<const float>&,
                             const PicturePlanes<const float>&, SplatGradient<float>*,
                             const BlendKernel<float>&);
template void blend_backward(const BlendScene<double>&, const PicturePlanes<const double>&,
                             const PicturePlanes<const double>&, SplatGradient<double>*,
                             const BlendKernel<double>&);

}  // namespace longtake::gaussians
