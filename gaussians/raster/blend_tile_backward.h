#pragma once

#include "gaussians/raster/blend_tile.h"

// The gradient of blend_tile, front to back like itself: with weights w, alphas a and the light T
// before Gaussian i, dL/da_i = T_i f_i - (sum of w f behind i) / (1 - a_i), where f is the product
// of a Gaussian's values with the gradient of the pixel's.
namespace longtake::gaussians {
namespace {

// Sums over the pixels of a tile; h is the gradient by the exponent.
template <typename Scalar> struct SplatSums {
    Pack<Scalar> colour[3]{}, depth{};  // weight times gradient of the pixel
    Pack<Scalar> h{}, h_e{}, h_ee{}, h_dy{}, h_e_dy{}, h_dydy{}, abs_u{}, abs_v{};

    void write(const Splat<Scalar>& s, SplatGradient<Scalar>& out) const {
        const Scalar e = sum_of<Scalar>(h_e);
        out.u = s.precision_x * e;
        out.v = s.precision_y * sum_of<Scalar>(h_dy) - s.precision_x * s.slope * e;
        out.slope = s.precision_x * sum_of<Scalar>(h_e_dy);
        out.precision_x = Scalar{-0.5} * sum_of<Scalar>(h_ee);
        out.precision_y = Scalar{-0.5} * sum_of<Scalar>(h_dydy);
        out.opacity = sum_of<Scalar>(h) / s.opacity;
        for (int c = 0; c < 3; ++c) {
            out.colour[c] = sum_of<Scalar>(colour[c]);
        }
        out.depth = sum_of<Scalar>(depth);
        out.abs_u = sum_of<Scalar>(abs_u);
        out.abs_v = sum_of<Scalar>(abs_v);
    }
};

template <typename Scalar>
LONGTAKE_INLINE void add_magnitude(Pack<Scalar>& sum, const Pack<Scalar>& v) {
    sum += v < Scalar{0} ? -v : v;
}

// The values f of pixels that a Gaussian fills: the products of its own with the pixel gradients.
template <typename Scalar> struct PixelGradients {
    TilePlane<Scalar> colour[3]{}, alpha{}, depth{};

    PixelGradients(const TileWindow& window, const PicturePlanes<const Scalar>& from) {
        for (int c = 0; c < 3; ++c) {
            window.load(from.colour + c * window.area, colour[c]);
        }
        window.load(from.alpha, alpha);
        window.load(from.depth, depth);
    }
    // The whole picture's f: what is behind the first Gaussian.
    void total(const PixelGradients& picture, TilePlane<Scalar>& out) const {
        for (int r = 0; r < kRows; ++r) {
            for (int b = 0; b < kBlocks; ++b) {
                out[r][b] = colour[0][r][b] * picture.colour[0][r][b] +
                            colour[1][r][b] * picture.colour[1][r][b] +
                            colour[2][r][b] * picture.colour[2][r][b] +
                            alpha[r][b] * picture.alpha[r][b] + depth[r][b] * picture.depth[r][b];
            }
        }
    }
};

template <typename Scalar>
void blend_tile_backward(const TileWork<Scalar>& work, const PicturePlanes<const Scalar>& picture,
                         const PicturePlanes<const Scalar>& by_picture,
                         SplatGradient<Scalar>* slots) {
    const TileWindow window(work);
    const PixelGradients<Scalar> by(window, by_picture);
    TilePlane<Scalar> light{}, behind;
    by.total(PixelGradients<Scalar>(window, picture), behind);
    window.start(light);
    uint32_t rows = rows_with_light(light);
    for (int64_t k = 0; k < work.count; ++k) {
        const Splat<Scalar>& s = splat_at(work, k);
        const Bell<Scalar> bell(s);
        SplatSums<Scalar> sums;
        const Scalar shear = s.precision_x * s.slope;
        visit_blocks(s, window, rows, [&](int r, int b, const Pack<Scalar>& e, Scalar dy) {
            const Sample<Scalar> sample(bell, e, dy, light[r][b]);
            const Pack<Scalar> f =
                by.colour[0][r][b] * s.colour[0] + by.colour[1][r][b] * s.colour[1] +
                by.colour[2][r][b] * s.colour[2] + by.depth[r][b] * s.depth + by.alpha[r][b];
            behind[r][b] -= sample.weight * f;
            const Pack<Scalar> by_alpha =
                light[r][b] * f - behind[r][b] / (Scalar{1} - sample.alpha);
            light[r][b] = sample.remaining;
            // Alpha is the exponential times opacity only between its limits.
            const PackMask<Scalar> free = sample.taken & (sample.alpha == sample.raw);
            const Pack<Scalar> h = free ? sample.raw * by_alpha : Pack<Scalar>{};
            const Pack<Scalar> h_e = h * e, h_dy = h * dy;
            for (int c = 0; c < 3; ++c) {
                sums.colour[c] += sample.weight * by.colour[c][r][b];
            }
            sums.depth += sample.weight * by.depth[r][b];
            sums.h += h;
            sums.h_e += h_e;
            sums.h_ee += h_e * e;
            sums.h_dy += h_dy;
            sums.h_e_dy += h_e * dy;
            sums.h_dydy += h_dy * dy;
            add_magnitude<Scalar>(sums.abs_u, h_e * s.precision_x);
            add_magnitude<Scalar>(sums.abs_v, h_dy * s.precision_y - h_e * shear);
        });
        sums.write(s, slots[work.entries[k].slot]);
        if (k % kEntriesPerCheck == kEntriesPerCheck - 1) {
            rows = rows_with_light(light);
        }
    }
}

}  // namespace
}  // namespace longtake::gaussians
