#pragma once

#include <cstdint>

// How attention's work is spread over the grid on Hopper: one block of threads per multiprocessor.
// Whole rounds of tiles go through it in step, so that blocks that share a head read the same keys
// at the same time; what does not fill a round is cut along the keys into equal parts, one per
// block, whose results are put together afterwards.
namespace longtake::diffusion::hopper {

// Which blocks of keys of which tiles of queries each block of the grid sees.
struct Schedule {
    int tiles, key_blocks, row_blocks, grid;

    __host__ __device__ int rounds() const { return tiles / grid; }
    __host__ __device__ int rest() const { return tiles % grid; }  // tiles cut along the keys
    __host__ __device__ int64_t part(int block) const {
        return int64_t{block} * rest() * key_blocks / grid;
    }
};

struct Segment {
    int tile, begin, end;  // blocks of keys
    int piece;             // -1: all keys; otherwise where the partial result goes
};

// Calls visit(segment) for everything the block does.
template <typename Visit> __device__ void for_each_segment(const Schedule& s, Visit&& visit) {
    const int block = static_cast<int>(blockIdx.x);
    for (int round = 0; round < s.rounds(); ++round) {
        visit(Segment{round * s.grid + block, 0, s.key_blocks, -1});
    }
    int piece = 2 * block;
    const int64_t end = s.part(block + 1);
    for (int64_t at = s.part(block); at < end;) {
        const int tile = static_cast<int>(at / s.key_blocks);
        const int64_t first = int64_t{tile} * s.key_blocks;
        const int64_t stop = min(end, first + s.key_blocks);
        visit(Segment{s.rounds() * s.grid + tile, static_cast<int>(at - first),
                      static_cast<int>(stop - first), piece++});
        at = stop;
    }
}

}  // namespace longtake::diffusion::hopper
