#include "core/cuda.h"
#include "gaussians/raster/cuda/kernels.h"
#include "gaussians/raster/cuda/sh_rows.cuh"
#include "gaussians/raster/cuda/tile_mask.cuh"

namespace longtake::gaussians::cuda {
namespace {

constexpr int kThreads = 128;
constexpr unsigned kWarp = 0xFFFFFFFFU;

// Bits that order as the numbers do.
__device__ uint32_t ordered(float v) {
    const uint32_t bits = __float_as_uint(v);
    return bits ^ ((bits >> 31) != 0 ? 0xFFFFFFFFU : 0x80000000U);
}

__device__ uint32_t tiles_of(const Splat<float>& splat, const Grid& grid) {
    const TileReach reach(splat);
    const TileSpan rows = reach.rows(grid.rows);
    uint32_t count = 0;
    for (int64_t row = rows.begin; row < rows.end; ++row) {
        count += alive_in(grid, row, reach.columns(row, grid.columns));
    }
    return count;
}

// In three vectors: the threads' splats lie side by side.
__device__ void store(const Splat<float>& s, Splat<float>* to) {
    static_assert(sizeof(Splat<float>) == 3 * sizeof(float4));
    auto* out = reinterpret_cast<float4*>(to);
    out[0] = make_float4(s.u, s.v, s.slope, s.precision_x);
    out[1] = make_float4(s.precision_y, s.opacity, s.colour[0], s.colour[1]);
    out[2] = make_float4(s.colour[2], s.depth, s.reach_x, s.reach_y);
}

// One thread for a Gaussian; kDegree is the cloud's.
template <int kDegree>
__global__ void __launch_bounds__(kThreads)
    project_kernel(const AttributeView<float> g, const View view, const Grid grid,
                   const Projected out) {
    using Rows = ShRows<kDegree>;
    __shared__ float harmonics[kThreads / 32][Rows::kFloats];
    __shared__ uint32_t instances;
    if (threadIdx.x == 0) {
        instances = 0;
    }
    __syncthreads();

    const int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x;
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    Splat<float> s;
    uint32_t tiles = 0;
    // A footprint too thin for its numbers has no pixels.
    if (i < g.count && shape_of(g, i, view.frustum, view.near, s) && s.precision_x > 0 &&
        isfinite(s.precision_x)) {
        tiles = tiles_of(s, grid);
    }
    const unsigned shown = __ballot_sync(kWarp, tiles > 0);
    if constexpr (kDegree > 0) {
        if (view.sh_degree > 0) {
            Rows::load(g.sh_rest, i - lane, shown, harmonics[warp]);
        }
    }
    if (tiles > 0) {
        const Sight<float> sight(g.means + 3 * i, view.frustum.centre);
        with_degree<kDegree>(view.sh_degree, [&](auto degree) {
            const auto colour = colour_of(sight, decltype(degree)::value, g.sh_dc + 3 * i,
                                          harmonics[warp] + lane * Rows::kStride);
            for (int c = 0; c < 3; ++c) {
                s.colour[c] = fmaxf(colour[c], 0.F);
            }
        });
        store(s, out.splats + i);
    }
    if (i < g.count) {
        out.tiles[i] = tiles;
        out.depth_keys[i] = tiles > 0 ? ordered(s.depth) : 0xFFFFFFFFU;
        out.numbers[i] = static_cast<uint32_t>(i);
    }
    const uint32_t of_warp = __reduce_add_sync(kWarp, tiles);
    if (lane == 0 && of_warp > 0) {
        atomicAdd(&instances, of_warp);
    }
    __syncthreads();
    if (threadIdx.x == 0 && instances > 0) {
        atomicAdd(out.instances, static_cast<unsigned long long>(instances));
    }
}

}  // namespace

void project(const AttributeView<float>& gaussians, const View& view, const Grid& grid,
             const Projected& out, cudaStream_t stream) {
    cuda_check(cudaMemsetAsync(out.instances, 0, sizeof(*out.instances), stream), "clearing");
    if (gaussians.count == 0) {
        return;
    }
    using Kernel = void (*)(AttributeView<float>, View, Grid, Projected);
    constexpr Kernel kKernels[]{project_kernel<0>, project_kernel<1>, project_kernel<2>,
                                project_kernel<3>};
    const auto blocks = static_cast<unsigned>((gaussians.count + kThreads - 1) / kThreads);
    kKernels[gaussians.sh_degree]<<<blocks, kThreads, 0, stream>>>(gaussians, view, grid, out);
    cuda_check_launch("project_kernel");
}

}  // namespace longtake::gaussians::cuda
