#include "core/cuda.h"
#include "gaussians/raster/cuda/kernels.h"
#include "gaussians/raster/cuda/tile_mask.cuh"

#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/transform_iterator.h>
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_scan.cuh>

#include <algorithm>
#include <bit>

namespace longtake::gaussians::cuda {
namespace {

constexpr int kThreads = 256;
constexpr unsigned kWarp = 0xFFFFFFFFU;
constexpr uint32_t kManyTiles = 16;  // from here on a whole warp lists a Gaussian's tiles

unsigned blocks_for(int64_t threads) {
    return static_cast<unsigned>((threads + kThreads - 1) / kThreads);
}

// The place of one Gaussian's instances; no more are written than were counted.
struct Writer {
    Instances out;
    uint32_t gaussian, end;

    __device__ void write(uint32_t at, uint32_t tile) const {
        if (at < end) {
            out.tiles[at] = tile;
            out.gaussians[at] = gaussian;
        }
    }
    // The alive tiles of a span, from `at` on.
    __device__ uint32_t write_row(const Grid& grid, int64_t row, const TileSpan& span,
                                  uint32_t at) const {
        for (int64_t column = span.begin; column < span.end; ++column) {
            if (is_alive(grid, row, column)) {
                write(at++, static_cast<uint32_t>(row * grid.columns + column));
            }
        }
        return at;
    }
};

__device__ void list_by_thread(const Splat<float>& splat, const Grid& grid, const Writer& writer,
                               uint32_t at) {
    const TileReach reach(splat);
    const TileSpan rows = reach.rows(grid.rows);
    for (int64_t row = rows.begin; row < rows.end; ++row) {
        at = writer.write_row(grid, row, reach.columns(row, grid.columns), at);
    }
    while (at < writer.end) {  // tiles that the count had and this has not: of no picture
        writer.write(at++, static_cast<uint32_t>(grid.count()));
    }
}

// A row for each lane.
__device__ void list_by_warp(const Splat<float>& splat, const Grid& grid, const Writer& writer,
                             uint32_t at) {
    const int lane = threadIdx.x % 32;
    const TileReach reach(splat);
    const TileSpan rows = reach.rows(grid.rows);
    for (int64_t first = rows.begin; first < rows.end; first += 32) {
        const int64_t row = first + lane;
        const TileSpan span = row < rows.end ? reach.columns(row, grid.columns) : TileSpan{0, 0};
        const uint32_t width = alive_in(grid, row, span);
        uint32_t through = width;  // of the lanes up to this one
        for (int step = 1; step < 32; step *= 2) {
            const uint32_t before = __shfl_up_sync(kWarp, through, step);
            through += lane >= step ? before : 0;
        }
        writer.write_row(grid, row, span, at + through - width);
        at += __shfl_sync(kWarp, through, 31);
    }
    for (at += lane; at < writer.end; at += 32) {
        writer.write(at, static_cast<uint32_t>(grid.count()));
    }
}

__global__ void __launch_bounds__(kThreads)
    list_kernel(const Projected projected, const DepthOrder order, int count, const Grid grid,
                const Instances out) {
    const int k = static_cast<int>(blockIdx.x * kThreads + threadIdx.x);
    uint32_t gaussian = 0, tiles = 0, begin = 0;
    if (k < count) {
        gaussian = order.numbers[k];
        tiles = projected.tiles[gaussian];
        begin = order.begin[k];
    }
    if (tiles > 0 && tiles < kManyTiles) {
        list_by_thread(projected.splats[gaussian], grid, {out, gaussian, begin + tiles}, begin);
    }
    for (unsigned many = __ballot_sync(kWarp, tiles >= kManyTiles); many != 0; many &= many - 1) {
        const int lane = __ffs(static_cast<int>(many)) - 1;
        const uint32_t chosen = __shfl_sync(kWarp, gaussian, lane);
        const uint32_t from = __shfl_sync(kWarp, begin, lane);
        const uint32_t met = __shfl_sync(kWarp, tiles, lane);
        list_by_warp(projected.splats[chosen], grid, {out, chosen, from + met}, from);
    }
}

__global__ void __launch_bounds__(kThreads)
    range_kernel(const uint32_t* tiles, int count, uint32_t tile_count, uint2* ranges) {
    const int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x;
    if (i >= count || tiles[i] >= tile_count) {
        return;
    }
    const uint32_t tile = tiles[i];
    if (i == 0 || tiles[i - 1] != tile) {
        ranges[tile].x = static_cast<uint32_t>(i);
    }
    if (i == count - 1 || tiles[i + 1] != tile) {
        ranges[tile].y = static_cast<uint32_t>(i + 1);
    }
}

struct TilesOf {
    const uint32_t* tiles;
    __device__ uint32_t operator()(uint32_t gaussian) const { return tiles[gaussian]; }
};

struct BucketsOf {
    const uint2* ranges;
    int tiles;
    __device__ uint32_t operator()(int tile) const {
        return tile < tiles ? (ranges[tile].y - ranges[tile].x + kBucketSize - 1) / kBucketSize
                            : 0U;
    }
};

}  // namespace

void sort_by_depth(const Projected& projected, int count, const DepthOrder& out, Scratch& scratch,
                   cudaStream_t stream) {
    const auto tiles = thrust::make_transform_iterator(out.numbers, TilesOf{projected.tiles});
    if (scratch.data == nullptr) {
        size_t for_scan = 0;
        cuda_check(
            cub::DeviceRadixSort::SortPairs(nullptr, scratch.bytes, projected.depth_keys, out.keys,
                                            projected.numbers, out.numbers, count, 0, 32, stream),
            "sorting by depth");
        cuda_check(
            cub::DeviceScan::ExclusiveSum(nullptr, for_scan, tiles, out.begin, count, stream),
            "adding up tiles");
        scratch.bytes = std::max(scratch.bytes, for_scan);
        return;
    }
    cuda_check(
        cub::DeviceRadixSort::SortPairs(scratch.data, scratch.bytes, projected.depth_keys, out.keys,
                                        projected.numbers, out.numbers, count, 0, 32, stream),
        "sorting by depth");
    cuda_check(
        cub::DeviceScan::ExclusiveSum(scratch.data, scratch.bytes, tiles, out.begin, count, stream),
        "adding up tiles");
}

void list_none(const Instances& out, int count, cudaStream_t stream) {
    cuda_check(
        cudaMemsetAsync(out.tiles, 0xFF, sizeof(*out.tiles) * static_cast<size_t>(count), stream),
        "clearing");
}

void list_instances(const Projected& projected, const DepthOrder& order, int gaussians,
                    const Grid& grid, const Instances& out, cudaStream_t stream) {
    list_kernel<<<blocks_for(gaussians), kThreads, 0, stream>>>(projected, order, gaussians, grid,
                                                                out);
    cuda_check_launch("list_kernel");
}

void sort_by_tile(const Instances& instances, int count, const Grid& grid, Scratch& scratch,
                  cudaStream_t stream) {
    const int bits = std::bit_width(static_cast<unsigned>(grid.count()));
    cuda_check(cub::DeviceRadixSort::SortPairs(scratch.data, scratch.bytes, instances.tiles,
                                               instances.sorted_tiles, instances.gaussians,
                                               instances.sorted_gaussians, count, 0, bits, stream),
               "sorting by tile");
}

void find_ranges(const Instances& instances, int count, const Grid& grid, uint2* ranges,
                 cudaStream_t stream) {
    const auto tiles = static_cast<uint32_t>(grid.count());
    cuda_check(cudaMemsetAsync(ranges, 0, tiles * sizeof(uint2), stream), "clearing");
    if (count > 0) {
        range_kernel<<<blocks_for(count), kThreads, 0, stream>>>(instances.sorted_tiles, count,
                                                                 tiles, ranges);
        cuda_check_launch("range_kernel");
    }
}

void find_buckets(const uint2* ranges, const Grid& grid, uint32_t* begin, Scratch& scratch,
                  cudaStream_t stream) {
    const auto buckets = thrust::make_transform_iterator(thrust::make_counting_iterator(0),
                                                         BucketsOf{ranges, grid.count()});
    cuda_check(cub::DeviceScan::ExclusiveSum(scratch.data, scratch.bytes, buckets, begin,
                                             grid.count() + 1, stream),
               "adding up buckets");
}

}  // namespace longtake::gaussians::cuda
