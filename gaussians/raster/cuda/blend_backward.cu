#include "core/cuda.h"
#include "gaussians/raster/cuda/sample.cuh"

#include <cuda_fp16.h>

// The gradient of blend.cu, as blend_tile_backward.h has it: with weights w, alphas a and the light
// T before Gaussian i, dL/da_i = T_i f_i - (sum of w f behind i) / (1 - a_i), where f is the
// product of a Gaussian's values with the gradient of the pixel's.
//
// A warp has a bucket, a lane one of its Gaussians (Mallick et al. 2024, "Taming 3DGS"): the
// tile's pixels pass from lane to lane, so that a Gaussian's sums stay in registers and go to
// memory once.
namespace longtake::gaussians::cuda {
namespace {

constexpr unsigned kWarp = 0xFFFFFFFFU;
constexpr int kWarps = 4;  // of a block of threads, independent of each other

// The pixels of a tile that a bucket has to do with.
struct Pixels {
    float4 gradient[kTilePixels];  // by red, green, blue, depth
    float4 state[kTilePixels];     // light, what is behind (sum of w f), gradient by alpha, place

    __device__ static float pack(int column, int row) {
        const __half2 place =
            __floats2half2_rn(static_cast<float>(column), static_cast<float>(row));
        return __uint_as_float(reinterpret_cast<const uint32_t&>(place));
    }
    __device__ static float2 unpack(float place) {
        const uint32_t bits = __float_as_uint(place);
        return __half22float2(reinterpret_cast<const __half2&>(bits));
    }
};

struct Picture {
    PicturePlanes<const float> planes, by;
    size_t area;

    __device__ static float or_zero(const float* plane, size_t at) {
        return plane == nullptr ? 0.F : plane[at];
    }
    // The gradient by a pixel: red, green, blue, depth.
    __device__ float4 gradient(size_t at) const {
        return make_float4(or_zero(by.colour, at), or_zero(by.colour, area + at),
                           or_zero(by.colour, 2 * area + at), or_zero(by.depth, at));
    }
};

// Gathers the pixels that show an entry of the bucket; returns how many. `first` is its first entry
// in the tile, `kept` the pixels before that, nullptr when it is the tile's first.
__device__ int gather(const Picture& picture, const Grid& grid, int tile, uint32_t first,
                      const uint32_t* lasts, const float* kept, Pixels& out) {
    const int lane = threadIdx.x % 32;
    const int x = tile % grid.columns * kTileSide, y = tile / grid.columns * kTileSide;
    int count = 0;
    for (int pixel = lane; pixel < kTilePixels; pixel += 32) {
        const bool shows = lasts[pixel] > first;
        const unsigned those = __ballot_sync(kWarp, shows);
        if (shows) {
            const int column = column_of(pixel), row = row_of(pixel);
            const size_t at = static_cast<size_t>(y + row) * grid.width + (x + column);
            const auto before = [&](BucketPlane plane) {
                return kept[plane * kTilePixels + pixel];
            };
            const float4 g = picture.gradient(at);
            const float by_alpha = Picture::or_zero(picture.by.alpha, at);
            float light = 1, red = 0, green = 0, blue = 0, depth = 0;
            if (kept != nullptr) {
                light = before(kLight);
                red = before(kRed);
                green = before(kGreen);
                blue = before(kBlue);
                depth = before(kDepth);
            }
            const PicturePlanes<const float>& all = picture.planes;
            const float behind =
                g.x * (all.colour[at] - red) + g.y * (all.colour[picture.area + at] - green) +
                g.z * (all.colour[2 * picture.area + at] - blue) + g.w * (all.depth[at] - depth) +
                by_alpha * (all.alpha[at] - (1.F - light));
            const int to = count + __popc(those & ((1U << lane) - 1U));
            out.gradient[to] = g;
            out.state[to] = make_float4(light, behind, by_alpha, Pixels::pack(column, row));
        }
        count += __popc(those);
    }
    __syncwarp();
    return count;
}

// Over the pixels of a tile; h is the gradient by the exponent.
struct Sums {
    float red = 0, green = 0, blue = 0, depth = 0;
    float h = 0, h_e = 0, h_ee = 0, h_dy = 0, h_e_dy = 0, h_dydy = 0, abs_u = 0, abs_v = 0;
    bool any = false;

    __device__ void add_to(SplatGradient<float>& out, const PackedSplat& s) const {
        static_assert(sizeof(SplatGradient<float>) == 3 * sizeof(float4));
        const float slope = s.place.z, precision_x = s.place.w, precision_y = s.bell.x;
        float4* to = reinterpret_cast<float4*>(&out);
        atomicAdd(to, make_float4(precision_x * h_e, precision_y * h_dy - precision_x * slope * h_e,
                                  precision_x * h_e_dy, -0.5F * h_ee));
        atomicAdd(to + 1, make_float4(-0.5F * h_dydy, h / s.bell.y, red, green));
        atomicAdd(to + 2, make_float4(blue, depth, abs_u, abs_v));
    }
};

// Passes one pixel through the lane's Gaussian.
__device__ void pass(const TileSplat& s, const PackedSplat& packed, const float4& gradient,
                     float4& state, Sums& sums) {
    const float light = state.x;
    const float2 place = Pixels::unpack(state.w);
    const Sample sample(s.dx, s.dy, s.slope, s.slant, s.drop, place.x, place.y);
    if (!(sample.exponent >= s.least) || !(light > 0)) {
        return;
    }
    const float raw = sample.alpha(s.opacity);
    const Passage passage(raw, light);
    if (!passage.taken()) {
        state.x = 0;  // finished
        return;
    }
    const float4 g = gradient;
    const float f = g.x * s.red + g.y * s.green + g.z * s.blue + g.w * s.depth + state.z;
    const float behind = state.y - passage.weight * f;
    const float by_alpha = light * f - __fdividef(behind, 1.F - passage.alpha);
    state.x = passage.left;
    state.y = behind;

    const float e = sample.e, dy = sample.dy;
    const float h = passage.alpha == raw ? raw * by_alpha : 0.F;  // none where it is clipped
    const float h_e = h * e, h_dy = h * dy;
    sums.any = true;
    sums.red += passage.weight * g.x;
    sums.green += passage.weight * g.y;
    sums.blue += passage.weight * g.z;
    sums.depth += passage.weight * g.w;
    sums.h += h;
    sums.h_e += h_e;
    sums.h_ee += h_e * e;
    sums.h_dy += h_dy;
    sums.h_e_dy += h_e * dy;
    sums.h_dydy += h_dy * dy;
    const float precision_x = packed.place.w, precision_y = packed.bell.x;
    sums.abs_u += fabsf(h_e * precision_x);
    sums.abs_v += fabsf(h_dy * precision_y - h_e * (precision_x * s.slope));
}

__global__ void __launch_bounds__(32 * kWarps)
    blend_backward_kernel(const BlendScene scene, const Picture picture, const Buckets buckets,
                          SplatGradient<float>* gradients) {
    __shared__ Pixels shared[kWarps];
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    const uint32_t bucket = blockIdx.x * kWarps + warp;
    const Grid& grid = scene.grid;
    if (bucket >= buckets.begin[grid.count()]) {
        return;
    }
    const int tile = buckets.tile[bucket];
    if (tile < 0) {
        return;
    }
    const uint32_t in_tile = bucket - buckets.begin[tile];
    const uint32_t first = in_tile * kBucketSize;
    const float* kept =
        in_tile == 0 ? nullptr
                     : buckets.pixels + static_cast<size_t>(bucket) * (kBucketPlanes * kTilePixels);
    Pixels& pixels = shared[warp];
    const int count = gather(picture, grid, tile, first,
                             buckets.lasts + static_cast<size_t>(tile) * kTilePixels, kept, pixels);

    const uint32_t begin = scene.ranges[tile].x + first;
    const int entries = min(static_cast<int>(scene.ranges[tile].y - begin), kBucketSize);
    const bool has_splat = lane < entries;
    const uint32_t gaussian = scene.gaussians[begin + (has_splat ? lane : 0)];
    const PackedSplat packed(scene.splats, gaussian);
    const TileSplat splat =
        packed.in_tile(tile % grid.columns * kTileSide, tile / grid.columns * kTileSide);
    Sums sums;
    // Lane l is l pixels behind the first: it finds each as the lane before has left it.
    for (int step = 0; step < count + entries - 1; ++step) {
        const int i = step - lane;
        if (has_splat && i >= 0 && i < count) {
            pass(splat, packed, pixels.gradient[i], pixels.state[i], sums);
        }
        __syncwarp();
    }
    if (sums.any) {
        sums.add_to(gradients[gaussian], packed);
    }
}

}  // namespace

void blend_backward(const BlendScene& scene, const PicturePlanes<const float>& picture,
                    const PicturePlanes<const float>& by_picture, const Buckets& buckets,
                    int64_t most_buckets, SplatGradient<float>* gradients, cudaStream_t stream) {
    if (most_buckets == 0) {
        return;
    }
    const auto blocks = static_cast<unsigned>((most_buckets + kWarps - 1) / kWarps);
    const size_t area = static_cast<size_t>(scene.grid.width) * scene.grid.height;
    blend_backward_kernel<<<blocks, 32 * kWarps, 0, stream>>>(scene, {picture, by_picture, area},
                                                              buckets, gradients);
    cuda_check_launch("blend_backward_kernel");
}

}  // namespace longtake::gaussians::cuda
