#pragma once

#include "gaussians/raster/blend.h"
#include "gaussians/raster/pack.h"

// The pixels of one tile, kLanes at a time: included by one translation unit per instruction set.
namespace longtake::gaussians {
namespace {

constexpr int kRows = kTileSide, kBlocks = kTileSide / kLanes;
constexpr int64_t kEntriesPerCheck = 16;  // between looks for finished rows

template <typename Scalar> struct TilePlane {
    Pack<Scalar> values[kRows][kBlocks];

    Pack<Scalar>* operator[](int row) { return values[row]; }
    const Pack<Scalar>* operator[](int row) const { return values[row]; }
};

LONGTAKE_INLINE float root(float x) {
    return __builtin_sqrtf(x);
}
LONGTAKE_INLINE double root(double x) {
    return __builtin_sqrt(x);
}

// A tile's place in the picture; the last ones of a row or column can be cut off.
struct TileWindow {
    template <typename Scalar>
    explicit TileWindow(const TileWork<Scalar>& work)
        : x(work.x), y(work.y), stride(work.width), area(work.width * work.height) {
        columns = work.width - x < kTileSide ? static_cast<int>(work.width - x) : kTileSide;
        rows = work.height - y < kTileSide ? static_cast<int>(work.height - y) : kTileSide;
    }

    // Copies the tile's part of a plane [H, W], 0 beyond the picture.
    template <typename Scalar> void load(const Scalar* plane, TilePlane<Scalar>& out) const {
        for (int r = 0; r < kRows; ++r) {
            for (int c = 0; c < kTileSide; ++c) {
                out[r][c / kLanes][c % kLanes] =
                    r < rows && c < columns ? plane[(y + r) * stride + x + c] : Scalar{0};
            }
        }
    }
    template <typename Scalar> void store(const TilePlane<Scalar>& values, Scalar* plane) const {
        for (int r = 0; r < rows; ++r) {
            for (int c = 0; c < columns; ++c) {
                plane[(y + r) * stride + x + c] = values[r][c / kLanes][c % kLanes];
            }
        }
    }
    // 1 where there are pixels.
    template <typename Scalar> void fill(TilePlane<Scalar>& out) const {
        for (int r = 0; r < kRows; ++r) {
            for (int c = 0; c < kTileSide; ++c) {
                out[r][c / kLanes][c % kLanes] = r < rows && c < columns ? Scalar{1} : Scalar{0};
            }
        }
    }

    int64_t x, y, stride, area;
    int columns, rows;
};

// Bit r is set when a pixel of row r still takes light.
template <typename Scalar>
LONGTAKE_INLINE uint32_t rows_with_light(const TilePlane<Scalar>& light) {
    uint32_t rows = 0;
    for (int r = 0; r < kRows; ++r) {
        Pack<Scalar> sum = light[r][0];
        for (int b = 1; b < kBlocks; ++b) {
            sum += light[r][b];
        }
        rows |= (sum_of<Scalar>(sum) > 0 ? 1U : 0U) << r;
    }
    return rows;
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

// What a splat does to kLanes pixels of which `light` is left.
template <typename Scalar> struct Sample {
    LONGTAKE_INLINE Sample(const Splat<Scalar>& s, const Pack<Scalar>& e, Scalar dy,
                           const Pack<Scalar>& light) {
        const Pack<Scalar> zero{};
        raw = e * e * (Scalar{-0.5} * s.precision_x) + Scalar{-0.5} * s.precision_y * dy * dy;
        exp_in_place(raw);
        raw *= s.opacity;
        const Pack<Scalar> most = zero + static_cast<Scalar>(kMaxAlpha);
        const Pack<Scalar> clipped = raw > most ? most : raw;
        alpha = raw < static_cast<Scalar>(kMinAlpha) ? zero : clipped;
        const Pack<Scalar> left = light * (Scalar{1} - alpha);
        taken = left > static_cast<Scalar>(kMinTransmittance);
        weight = taken ? alpha * light : zero;
        remaining = taken ? left : zero;
    }

    Pack<Scalar> raw;  // alpha before its limits
    Pack<Scalar> alpha;
    Pack<Scalar> weight;     // of the splat's colour in the pixel
    Pack<Scalar> remaining;  // light for what is behind; 0 when the pixel is finished
    PackMask<Scalar> taken;
};

template <typename Scalar>
void blend_tile(const TileWork<Scalar>& work, const PicturePlanes<Scalar>& out) {
    const TileWindow window(work);
    TilePlane<Scalar> light{}, left{}, depth{}, colour[3]{};
    window.fill(light);  // what is left in unfinished pixels
    window.fill(left);   // what is left in all
    uint32_t rows = rows_with_light(light);
    for (int64_t k = 0; k < work.count && rows != 0; ++k) {
        const Splat<Scalar>& s = work.splats[work.entries[k].gaussian];
        visit_blocks(s, window, rows, [&](int r, int b, const Pack<Scalar>& e, Scalar dy) {
            const Sample<Scalar> sample(s, e, dy, light[r][b]);
            light[r][b] = sample.remaining;
            left[r][b] = sample.taken ? sample.remaining : left[r][b];
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
            for (int c = 0; c < 3; ++c) {
                colour[c][r][b] += left[r][b] * work.background[c];
            }
            left[r][b] = Scalar{1} - left[r][b];
        }
    }
    for (int c = 0; c < 3; ++c) {
        window.store(colour[c], out.colour + c * window.area);
    }
    window.store(left, out.alpha);
    window.store(depth, out.depth);
}

}  // namespace
}  // namespace longtake::gaussians
