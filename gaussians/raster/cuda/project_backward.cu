#include "core/cuda.h"
#include "gaussians/raster/cuda/kernels.h"
#include "gaussians/raster/cuda/sh_rows.cuh"
#include "gaussians/raster/footprint_backward.h"

namespace longtake::gaussians::cuda {
namespace {

constexpr int kThreads = 128;
constexpr unsigned kWarp = 0xFFFFFFFFU;

__device__ SplatGradient<double> to_double(const SplatGradient<float>& v) {
    return {.u = v.u,
            .v = v.v,
            .slope = v.slope,
            .precision_x = v.precision_x,
            .precision_y = v.precision_y,
            .opacity = v.opacity,
            .colour = {v.colour[0], v.colour[1], v.colour[2]},
            .depth = v.depth,
            .abs_u = v.abs_u,
            .abs_v = v.abs_v};
}

// Of one Gaussian, with its row of harmonics, which becomes the gradient by them.
template <int kDegree>
__device__ void gaussian_backward(const AttributeView<float>& g, int64_t i, const View& view,
                                  const Splat<float>& splat, const SplatGradient<float>& by,
                                  float* rest, const GradientColumns& out) {
    const ShapeGradient shape = shape_backward(g, i, view.frustum, to_double(by));
    std::array<float, 3> by_colour;  // none where the colour is kept from being negative
    for (int c = 0; c < 3; ++c) {
        by_colour[c] = splat.colour[c] > 0 ? by.colour[c] : 0.F;
    }
    const Sight<float> sight(g.means + 3 * i, view.frustum.centre);
    std::array<float, 3> by_sight;
    with_degree<kDegree>(view.sh_degree, [&](auto degree) {
        constexpr int kUsed = decltype(degree)::value;
        by_sight = colour_backward(sight, kUsed, by_colour, rest, out.sh_dc + 3 * i, rest);
        for (int k = 3 * sh_rest_count(kUsed); k < ShRows<kDegree>::kWidth; ++k) {
            rest[k] = 0;
        }
    });
    for (int k = 0; k < 3; ++k) {
        out.means[3 * i + k] = static_cast<float>(shape.mean[k] + by_sight[k]);
        out.log_scales[3 * i + k] = static_cast<float>(shape.log_scales[k]);
    }
    for (int k = 0; k < 4; ++k) {
        out.rotations[4 * i + k] = static_cast<float>(shape.rotation[k]);
    }
    out.opacities[i] = by.opacity * splat.opacity * (1.F - splat.opacity);
    const auto half_width = static_cast<float>(0.5 * view.frustum.width);
    const auto half_height = static_cast<float>(0.5 * view.frustum.height);
    out.screen[2 * i] = by.u * half_width;
    out.screen[2 * i + 1] = by.v * half_height;
    out.screen_magnitude[2 * i] = by.abs_u * half_width;
    out.screen_magnitude[2 * i + 1] = by.abs_v * half_height;
}

// Of a Gaussian that the picture does not show.
__device__ void write_zeros(int64_t i, const GradientColumns& out) {
    for (int k = 0; k < 3; ++k) {
        out.means[3 * i + k] = out.log_scales[3 * i + k] = out.sh_dc[3 * i + k] = 0;
    }
    for (int k = 0; k < 4; ++k) {
        out.rotations[4 * i + k] = 0;
    }
    out.opacities[i] = 0;
    for (int k = 0; k < 2; ++k) {
        out.screen[2 * i + k] = out.screen_magnitude[2 * i + k] = 0;
    }
}

template <int kDegree>
__global__ void __launch_bounds__(kThreads)
    project_backward_kernel(const AttributeView<float> g, const View view,
                            const Projected projected, const SplatGradient<float>* gradients,
                            const GradientColumns out) {
    using Rows = ShRows<kDegree>;
    __shared__ float harmonics[kThreads / 32][Rows::kFloats];
    const int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x;
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const bool shown = i < g.count && projected.tiles[i] > 0;
    const unsigned rows = __ballot_sync(kWarp, shown);
    if constexpr (kDegree > 0) {
        Rows::load(g.sh_rest, i - lane, rows, harmonics[warp]);
    }
    if (shown) {
        gaussian_backward<kDegree>(g, i, view, projected.splats[i], gradients[i],
                                   harmonics[warp] + lane * Rows::kStride, out);
    } else if (i < g.count) {
        write_zeros(i, out);
    }
    if constexpr (kDegree > 0) {
        const int64_t left = g.count - (i - lane);
        Rows::store(harmonics[warp], rows, static_cast<int>(left < 32 ? left : 32), i - lane,
                    out.sh_rest);
    }
}

}  // namespace

void project_backward(const AttributeView<float>& gaussians, const View& view,
                      const Projected& projected, const SplatGradient<float>* gradients,
                      const GradientColumns& out, cudaStream_t stream) {
    if (gaussians.count == 0) {
        return;
    }
    using Kernel = void (*)(AttributeView<float>, View, Projected, const SplatGradient<float>*,
                            GradientColumns);
    constexpr Kernel kKernels[]{project_backward_kernel<0>, project_backward_kernel<1>,
                                project_backward_kernel<2>, project_backward_kernel<3>};
    const auto blocks = static_cast<unsigned>((gaussians.count + kThreads - 1) / kThreads);
    kKernels[gaussians.sh_degree]<<<blocks, kThreads, 0, stream>>>(gaussians, view, projected,
                                                                   gradients, out);
    cuda_check_launch("project_backward_kernel");
}

}  // namespace longtake::gaussians::cuda
