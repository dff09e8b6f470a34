#pragma once

#include "gaussians/train/loss_row.h"

// The rows of PhotometricLoss: down the columns of the window first, then along the row. Included
// by one translation unit per instruction set.
namespace longtake::gaussians {
namespace {

template <typename Scalar> inline Scalar tap(int64_t i) {
    return static_cast<Scalar>(kTapWeights[i]);
}

// `sums` begins kTapsReach columns before the row.
template <typename Scalar>
inline __attribute__((always_inline)) Scalar along(const Scalar* sums, int64_t x) {
    Scalar sum = 0;
#pragma GCC unroll 11
    for (int64_t i = 0; i < kTaps; ++i) {
        sum += tap<Scalar>(i) * sums[x + i];
    }
    return sum;
}

template <typename Scalar> RowErrors<Scalar> compare_row(const CompareRow<Scalar>& row) {
    constexpr Scalar kC1 = static_cast<Scalar>(1e-4), kC2 = static_cast<Scalar>(9e-4);
    const int64_t width = row.width;
    Scalar *values = row.scratch, *squares = values + width + kTaps - 1;
    Scalar* products = squares + width + kTaps - 1;
#pragma omp simd
    for (int64_t x = 0; x < width; ++x) {
        Scalar sum = 0, square = 0, product = 0;
#pragma GCC unroll 11
        for (int64_t i = 0; i < kTaps; ++i) {
            const Scalar value = row.picture.rows[i][x], weighted = tap<Scalar>(i) * value;
            sum += weighted;
            square += weighted * value;
            product += weighted * row.truth.rows[i][x];
        }
        values[x + kTapsReach] = sum;
        squares[x + kTapsReach] = square;
        products[x + kTapsReach] = product;
    }
    const Scalar *one = row.picture.rows[kTapsReach], *other = row.truth.rows[kTapsReach];
    Scalar l1 = 0, mse = 0, ssim = 0;
#pragma omp simd reduction(+ : l1, mse, ssim)
    for (int64_t x = 0; x < width; ++x) {
        const Scalar m = along(values, x), n = row.mean[x];
        const Scalar a = 2 * m * n + kC1, b = 2 * (along(products, x) - m * n) + kC2;
        const Scalar c = m * m + n * n + kC1;
        const Scalar d = along(squares, x) - m * m + row.variance[x] + kC2;
        const Scalar over_c = 1 / c, over_d = 1 / d, over = over_c * over_d;
        const Scalar similarity = a * b * over;
        row.by_square[x] = row.by_ssim * -similarity * over_d;
        row.by_product[x] = row.by_ssim * 2 * a * over;
        row.by_mean[x] =
            row.by_ssim * (2 * n * (b - a) * over + 2 * m * similarity * (over_d - over_c));
        const Scalar difference = one[x] - other[x];
        ssim += similarity;
        l1 += difference < 0 ? -difference : difference;
        mse += difference * difference;
    }
    return {l1, mse, ssim};
}

template <typename Scalar> void gradient_row(const GradientRow<Scalar>& row) {
    const int64_t width = row.width;
    Scalar *means = row.scratch, *squares = means + width + kTaps - 1;
    Scalar* products = squares + width + kTaps - 1;
#pragma omp simd
    for (int64_t x = 0; x < width; ++x) {
        Scalar mean = 0, square = 0, product = 0;
#pragma GCC unroll 11
        for (int64_t i = 0; i < kTaps; ++i) {
            mean += tap<Scalar>(i) * row.by_mean.rows[i][x];
            square += tap<Scalar>(i) * row.by_square.rows[i][x];
            product += tap<Scalar>(i) * row.by_product.rows[i][x];
        }
        means[x + kTapsReach] = mean;
        squares[x + kTapsReach] = square;
        products[x + kTapsReach] = product;
    }
#pragma omp simd
    for (int64_t x = 0; x < width; ++x) {
        const Scalar difference = row.picture[x] - row.truth[x];
        const Scalar sign = difference > 0 ? row.by_l1 : difference < 0 ? -row.by_l1 : Scalar{0};
        row.by_picture[x] = sign + along(means, x) + 2 * row.picture[x] * along(squares, x) +
                            row.truth[x] * along(products, x);
    }
}

}  // namespace
}  // namespace longtake::gaussians
