#pragma once

#include "gaussians/raster/attributes.h"
#include "gaussians/raster/blend.h"
#include "gaussians/raster/footprint.h"

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

// The rasterizer's parts on the GPU, in their order. All pointers are the device's. A call queues
// work on the stream; none allocates memory or waits.
namespace longtake::gaussians::cuda {

// As TileGrid. alive_before [rows, columns + 1] is how many tiles of the row are alive before each;
// nullptr: all are.
struct Grid {
    int width, height, columns, rows;
    const int32_t* alive_before;

    LONGTAKE_HOST_DEVICE int count() const { return columns * rows; }
};

struct View {
    Frustum frustum;
    double near;
    int sh_degree;  // that is used, at most the cloud's
};

struct Projected {
    Splat<float>* splats;           // [N]; written where there are tiles
    uint32_t* tiles;                // [N] alive ones that the Gaussian meets
    uint32_t* depth_keys;           // [N] ordered as the depths, the last where there are no tiles
    uint32_t* numbers;              // [N] 0, 1, 2, ...
    unsigned long long* instances;  // the sum of `tiles`
};

void project(const AttributeView<float>& gaussians, const View& view, const Grid& grid,
             const Projected& out, cudaStream_t stream);

// What CUB's sorts and scans work in. A call without data only says how many bytes it needs.
struct Scratch {
    void* data = nullptr;
    size_t bytes = 0;
};

// The Gaussians from near to far; equal depths by number.
struct DepthOrder {
    uint32_t* keys;     // [N]
    uint32_t* numbers;  // [N]
    uint32_t* begin;    // [N] first instance of each
};

void sort_by_depth(const Projected& projected, int count, const DepthOrder& out, Scratch& scratch,
                   cudaStream_t stream);

// Instances are the meetings of a Gaussian and a tile: first from near to far, then, sorted, tile
// after tile and in each from near to far. Entries that stand for none are of no tile, and last.
struct Instances {
    uint32_t *tiles, *gaussians;
    uint32_t *sorted_tiles, *sorted_gaussians;
};

// Makes entries of none of them.
void list_none(const Instances& out, int count, cudaStream_t stream);

void list_instances(const Projected& projected, const DepthOrder& order, int gaussians,
                    const Grid& grid, const Instances& out, cudaStream_t stream);
void sort_by_tile(const Instances& instances, int count, const Grid& grid, Scratch& scratch,
                  cudaStream_t stream);
// [tiles] begin and end of each in the sorted instances.
void find_ranges(const Instances& instances, int count, const Grid& grid, uint2* ranges,
                 cudaStream_t stream);

// What the gradient needs of the forward pass. A bucket is 32 consecutive entries of a tile's list;
// each pixel is kept as it was before a bucket's first entry.
constexpr int kBucketSize = 32;
constexpr int kTilePixels = kTileSide * kTileSide;
enum BucketPlane { kLight, kRed, kGreen, kBlue, kDepth, kBucketPlanes };

struct Buckets {
    uint32_t* begin;  // [tiles + 1] first bucket of each tile, and their number
    int32_t* tile;    // [buckets] -1: the pixels were finished before it
    float* pixels;    // [buckets, kBucketPlanes, kTilePixels]; not written for a tile's first
    uint32_t* lasts;  // [tiles, kTilePixels] entries of the tile up to the last that a pixel shows
};

void find_buckets(const uint2* ranges, const Grid& grid, uint32_t* begin, Scratch& scratch,
                  cudaStream_t stream);

struct BlendScene {
    Grid grid;
    const Splat<float>* splats;
    const uint2* ranges;
    const uint32_t* gaussians;  // sorted
    float background[3];
};

// Without buckets (all nullptr) nothing is kept for the gradient.
void blend(const BlendScene& scene, const PicturePlanes<float>& out, const Buckets& buckets,
           cudaStream_t stream);
// Adds to gradients [N]. Planes of by_picture that are nullptr stand for zeros. most_buckets is a
// bound known on the host.
void blend_backward(const BlendScene& scene, const PicturePlanes<const float>& picture,
                    const PicturePlanes<const float>& by_picture, const Buckets& buckets,
                    int64_t most_buckets, SplatGradient<float>* gradients, cudaStream_t stream);

// As CloudGradient, whose units these are.
struct GradientColumns {
    float *means, *log_scales, *rotations, *opacities, *sh_dc, *sh_rest;
    float *screen, *screen_magnitude;  // [N, 2]
};

void project_backward(const AttributeView<float>& gaussians, const View& view,
                      const Projected& projected, const SplatGradient<float>* gradients,
                      const GradientColumns& out, cudaStream_t stream);

}  // namespace longtake::gaussians::cuda
