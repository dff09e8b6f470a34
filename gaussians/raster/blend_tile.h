#pragma once

#include "gaussians/raster/tile_window.h"

// The pixels of one tile, kLanes at a time: included by one translation unit per instruction set.
namespace longtake::gaussians {
namespace {

constexpr int64_t kEntriesPerCheck = 16;  // between looks for finished rows

LONGTAKE_INLINE float root(float x) {
    return __builtin_sqrtf(x);
}
LONGTAKE_INLINE double root(double x) {
    return __builtin_sqrt(x);
}

// Splats do not lie in memory in a tile's order: those of the next entries are fetched ahead.
template <typename Scalar>
LONGTAKE_INLINE const Splat<Scalar>& splat_at(const TileWork<Scalar>& work, int64_t k) {
    if (k + 4 < work.count) {
        __builtin_prefetch(work.splats + work.entries[k + 4].gaussian);
    }
    return work.splats[work.entries[k].gaussian];
}

// Calls body(row, block, e, dy) for the blocks of pixels that the splat can reach: e [kLanes] and
// dy as in Splat.
template <typename Scalar, typename Body>
LONGTAKE_INLINE void visit_blocks(const Splat<Scalar>& s, const TileWindow& window, uint32_t rows,
                                  const Body& body) {
    const Scalar half = Scalar{0.5};
    const Scalar dx0 = static_cast<Scalar>(window.x) + half - s.u;
    const Scalar dy0 = static_cast<Scalar>(window.y) + half - s.v;
    const Scalar above = -s.reach_y - dy0, below = s.reach_y - dy0;  // in rows of the tile
    const int begin = above > 0 ? static_cast<int>(above) : 0;
    const int end = below < kRows - 1 ? static_cast<int>(below) + 1 : kRows;
    const Scalar flatten = s.precision_y / s.precision_x, reach2 = s.reach_y * s.reach_y;
    Pack<Scalar> lane;
    for (int i = 0; i < kLanes; ++i) {
        lane[i] = static_cast<Scalar>(i);
    }
    for (int r = begin; r < end; ++r) {
        const Scalar dy = dy0 + static_cast<Scalar>(r);
        const Scalar square = (reach2 - dy * dy) * flatten;
        if (!(square >= 0) || (rows >> r & 1U) == 0) {
            continue;
        }
        const Scalar span = root(square), first = dx0 - s.slope * dy;
        for (int b = 0; b < kBlocks; ++b) {
            const Scalar left = first + static_cast<Scalar>(b * kLanes);
            if (left <= span && left + static_cast<Scalar>(kLanes - 1) >= -span) {
                const Pack<Scalar> e = lane + left;
                body(r, b, e, dy);
            }
        }
    }
}

// A splat's alpha as opacity 2^x, x = slant e^2 + drop dy^2.
template <typename Scalar> struct Bell {
    explicit Bell(const Splat<Scalar>& s)
        : slant(-kHalfLog2E * s.precision_x),
          drop(-kHalfLog2E * s.precision_y),
          least(drop * s.reach_y * s.reach_y),
          opacity(s.opacity) {}

    static constexpr Scalar kHalfLog2E = Scalar(0.72134752044448170368);
    Scalar slant, drop;
    Scalar least;  // x at the reach, where alpha is 1/255
    Scalar opacity;
};

// What a splat does to kLanes pixels. Their light is what is left for it; a finished pixel's is
// below 0: minus what it has kept.
template <typename Scalar> struct Sample {
    LONGTAKE_INLINE Sample(const Bell<Scalar>& bell, const Pack<Scalar>& e, Scalar dy,
                           const Pack<Scalar>& light) {
        const Pack<Scalar> zero{};
        Pack<Scalar> x = e * e * bell.slant + bell.drop * dy * dy;
        const PackMask<Scalar> reached = x >= bell.least;
        exp2_in_place(x);
        raw = x * bell.opacity;
        const Pack<Scalar> most = zero + static_cast<Scalar>(kMaxAlpha);
        const Pack<Scalar> clipped = raw < most ? raw : most;
        alpha = reached ? clipped : zero;
        const Pack<Scalar> product = alpha * light;
        const Pack<Scalar> left = light - product;
        taken = left > static_cast<Scalar>(kMinTransmittance);
        weight = taken ? product : zero;
        remaining = taken ? left : (light > Scalar{0} ? -light : light);
    }

    Pack<Scalar> raw;  // alpha before its limit, where it is reached
    Pack<Scalar> alpha;
    Pack<Scalar> weight;     // of the splat's colour in the pixel
    Pack<Scalar> remaining;  // light for what is behind
    PackMask<Scalar> taken;
};

template <typename Scalar>
void blend_tile(const TileWork<Scalar>& work, const PicturePlanes<Scalar>& out) {
    const TileWindow window(work);
    TilePlane<Scalar> light{}, depth{}, colour[3]{};
    window.start(light);
    uint32_t rows = rows_with_light(light);
    for (int64_t k = 0; k < work.count && rows != 0; ++k) {
        const Splat<Scalar>& s = splat_at(work, k);
        const Bell<Scalar> bell(s);
        visit_blocks(s, window, rows, [&](int r, int b, const Pack<Scalar>& e, Scalar dy) {
            const Sample<Scalar> sample(bell, e, dy, light[r][b]);
            light[r][b] = sample.remaining;
            for (int c = 0; c < 3; ++c) {
                colour[c][r][b] += sample.weight * s.colour[c];
            }
            depth[r][b] += sample.weight * s.depth;
        });
        if (k % kEntriesPerCheck == kEntriesPerCheck - 1) {
            rows = rows_with_light(light);
        }
    }
    for (int r = 0; r < kRows; ++r) {
        for (int b = 0; b < kBlocks; ++b) {
            const Pack<Scalar> left = light[r][b] < Scalar{0} ? -light[r][b] : light[r][b];
            for (int c = 0; c < 3; ++c) {
                colour[c][r][b] += left * work.background[c];
            }
            light[r][b] = Scalar{1} - left;
        }
    }
    for (int c = 0; c < 3; ++c) {
        window.store(colour[c], out.colour + c * window.area);
    }
    window.store(light, out.alpha);
    window.store(depth, out.depth);
}

}  // namespace
}  // namespace longtake::gaussians
