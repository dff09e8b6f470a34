#include "core/cuda.h"
#include "gaussians/raster/cuda/sample.cuh"
#include "gaussians/raster/cuda/tile_mask.cuh"

namespace longtake::gaussians::cuda {
namespace {

constexpr unsigned kWarp = 0xFFFFFFFFU;
constexpr int kGroups = kTilePixels / 32;

// Which of a tile's 8 blocks of pixels the ellipse of alpha = 1/255 may meet, a bit for each. Some
// that it misses by a hair are among them.
__device__ unsigned blocks_met(const PackedSplat& s, const TileSplat& at) {
    const float reach_x = s.rest.z, reach_y = s.rest.w;
    const float flatten = s.bell.x / s.place.w;
    const float tip = at.slope * reach_y * reach_y / reach_x;
    const float margin = 0.01F + 1e-3F * reach_x, reach = reach_y * 1.00001F + 0.01F;
    unsigned met = 0;
    for (int band = 0; band < kTileSide / kBlockRows; ++band) {
        const float first = at.dy + static_cast<float>(band * kBlockRows);
        const float top = fmaxf(first, -reach);
        const float bottom = fminf(first + static_cast<float>(kBlockRows - 1), reach);
        if (top > bottom) {
            continue;
        }
        const auto half = [&](float dy) {
            return sqrtf(fmaxf(0.F, (reach - dy) * (reach + dy) * flatten)) + margin;
        };
        const float right_dy = fminf(fmaxf(tip, top), bottom);
        const float left_dy = fminf(fmaxf(-tip, top), bottom);
        const float right = at.slope * right_dy + half(right_dy) - at.dx;
        const float left = at.slope * left_dy - half(left_dy) - at.dx;
        const bool west = left <= static_cast<float>(kBlockColumns - 1) && right >= 0;
        const bool east =
            left <= static_cast<float>(kTileSide - 1) && right >= static_cast<float>(kBlockColumns);
        met |= ((west ? 1U : 0U) | (east ? 2U : 0U)) << (2 * band);
    }
    return met;
}

// The entries of a tile that its warps look at together.
struct Batch {
    float4 place[kTilePixels];   // dx, dy, slope, slant
    float4 bell[kTilePixels];    // drop, least, opacity, depth
    float4 colour[kTilePixels];  // red, green, blue
    uint8_t blocks[kTilePixels];

    __device__ void load(const Splat<float>* splats, uint32_t gaussian, int x, int y) {
        const PackedSplat packed(splats, gaussian);
        const TileSplat s = packed.in_tile(x, y);
        const int i = threadIdx.x;
        place[i] = make_float4(s.dx, s.dy, s.slope, s.slant);
        bell[i] = make_float4(s.drop, s.least, s.opacity, s.depth);
        colour[i] = make_float4(s.red, s.green, s.blue, 0.F);
        blocks[i] = static_cast<uint8_t>(blocks_met(packed, s));
    }
};

struct Pixel {
    float light = 1, red = 0, green = 0, blue = 0, depth = 0;
    uint32_t last = 0;
    bool finished;

    // Entry i of the batch, number `entry` of the tile.
    __device__ void add(const Batch& batch, int i, uint32_t entry, float column, float row) {
        const float4 place = batch.place[i], bell = batch.bell[i];
        const Sample sample(place.x, place.y, place.z, place.w, bell.x, column, row);
        if (finished || !(sample.exponent >= bell.y)) {
            return;
        }
        const Passage passage(sample.alpha(bell.z), light);
        if (!passage.taken()) {
            finished = true;
            return;
        }
        const float4 colour = batch.colour[i];
        red += passage.weight * colour.x;
        green += passage.weight * colour.y;
        blue += passage.weight * colour.z;
        depth += passage.weight * bell.w;
        light = passage.left;
        last = entry + 1;
    }
    __device__ void keep(float* bucket) const {
        float* to = bucket + threadIdx.x;
        to[kLight * kTilePixels] = light;
        to[kRed * kTilePixels] = red;
        to[kGreen * kTilePixels] = green;
        to[kBlue * kTilePixels] = blue;
        to[kDepth * kTilePixels] = depth;
    }
};

// A block of threads for a tile, a thread for a pixel.
template <bool kKeep>
__global__ void __launch_bounds__(kTilePixels)
    blend_kernel(const BlendScene scene, const PicturePlanes<float> out, const Buckets buckets) {
    __shared__ Batch batch;
    __shared__ uint32_t last_of_all;
    const Grid& grid = scene.grid;
    const int tile = static_cast<int>(blockIdx.x), thread = static_cast<int>(threadIdx.x);
    const int tile_row = tile / grid.columns, tile_column = tile % grid.columns;
    const int tile_x = tile_column * kTileSide, tile_y = tile_row * kTileSide;
    const int x = tile_x + column_of(thread), y = tile_y + row_of(thread);
    const int warp = thread / 32, lane = thread % 32;
    const bool inside = x < grid.width && y < grid.height;
    const auto column = static_cast<float>(column_of(thread));
    const auto row = static_cast<float>(row_of(thread));
    const uint32_t begin = scene.ranges[tile].x, count = scene.ranges[tile].y - begin;
    const uint32_t first_bucket = kKeep ? buckets.begin[tile] : 0;
    if (thread == 0) {
        last_of_all = 0;
    }

    Pixel pixel;
    pixel.finished = !inside;
    for (uint32_t first = 0; first < count; first += kTilePixels) {
        if (__syncthreads_and(pixel.finished)) {
            break;
        }
        if (first + thread < count) {
            batch.load(scene.splats, scene.gaussians[begin + first + thread], tile_x, tile_y);
        }
        __syncthreads();
        for (int group = 0; group < kGroups && first + 32 * group < count; ++group) {
            if (__all_sync(kWarp, pixel.finished)) {
                break;
            }
            const uint32_t entry = first + 32 * group;
            if (kKeep && entry > 0) {
                const size_t bucket = first_bucket + entry / kBucketSize;
                pixel.keep(buckets.pixels + bucket * (kBucketPlanes * kTilePixels));
            }
            const bool met = entry + lane < count && (batch.blocks[32 * group + lane] >> warp & 1);
            for (unsigned hits = __ballot_sync(kWarp, met); hits != 0; hits &= hits - 1) {
                const int i = __ffs(static_cast<int>(hits)) - 1;
                pixel.add(batch, 32 * group + i, entry + i, column, row);
            }
        }
    }

    if (inside) {
        const bool alive = is_alive(grid, tile_row, tile_column);
        const size_t area = static_cast<size_t>(grid.width) * grid.height;
        const size_t at = static_cast<size_t>(y) * grid.width + x;
        const float light = alive ? pixel.light : 0.F;
        out.colour[at] = pixel.red + light * scene.background[0];
        out.colour[area + at] = pixel.green + light * scene.background[1];
        out.colour[2 * area + at] = pixel.blue + light * scene.background[2];
        out.alpha[at] = alive ? 1.F - light : 0.F;
        out.depth[at] = pixel.depth;
    }
    if (kKeep) {
        __syncthreads();  // last_of_all is 0
        buckets.lasts[static_cast<size_t>(tile) * kTilePixels + thread] = pixel.last;
        const uint32_t of_warp = __reduce_max_sync(kWarp, pixel.last);
        if (lane == 0) {
            atomicMax(&last_of_all, of_warp);
        }
        __syncthreads();
        const uint32_t last = (count + kBucketSize - 1) / kBucketSize;
        for (uint32_t bucket = thread; bucket < last; bucket += kTilePixels) {
            buckets.tile[first_bucket + bucket] = bucket * kBucketSize < last_of_all ? tile : -1;
        }
    }
}

}  // namespace

void blend(const BlendScene& scene, const PicturePlanes<float>& out, const Buckets& buckets,
           cudaStream_t stream) {
    const auto kernel = buckets.pixels == nullptr ? blend_kernel<false> : blend_kernel<true>;
    kernel<<<static_cast<unsigned>(scene.grid.count()), kTilePixels, 0, stream>>>(scene, out,
                                                                                  buckets);
    cuda_check_launch("blend_kernel");
}

}  // namespace longtake::gaussians::cuda
