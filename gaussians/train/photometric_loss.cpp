#include "gaussians/train/photometric_loss.h"

#include "core/error.h"
#include "core/parallel.h"
#include "gaussians/train/window.h"

#include <cmath>
#include <utility>

namespace longtake::gaussians {
namespace {

constexpr double kC1 = 1e-4, kC2 = 9e-4;

template <typename Scalar> constexpr Scalar tap(int64_t i) {
    return static_cast<Scalar>(kTapWeights[static_cast<std::size_t>(i)]);
}

std::size_t at(int64_t i) {
    return static_cast<std::size_t>(i);
}

}  // namespace

template <typename Scalar>
LossTarget<Scalar>::LossTarget(std::vector<Scalar> planes, int64_t image_height,
                               int64_t image_width)
    : height(image_height),
      width(image_width),
      image(std::move(planes)),
      mean(image.size()),
      variance(image.size()) {
    check(height > 0 && width > 0 && image.size() == at(3 * height * width),
          "{} values for a picture of {}x{}", image.size(), width, height);
    parallel_for(3 * height, [&](int64_t row) {
        const std::vector<Scalar> zeros(at(width));
        const Scalar* plane = image.data() + row / height * height * width;
        const WindowRows<Scalar> in(plane, row % height, height, width, zeros.data());
        WindowRow<Scalar> values(width), squares(width);
        for (int64_t x = 0; x < width; ++x) {
            for (int64_t i = 0; i < kTaps; ++i) {
                const Scalar v = in.rows[i][x];
                values.columns()[x] += tap<Scalar>(i) * v;
                squares.columns()[x] += tap<Scalar>(i) * v * v;
            }
        }
        for (int64_t x = 0; x < width; ++x) {
            const Scalar m = values.along(x);
            mean[at(row * width + x)] = m;
            variance[at(row * width + x)] = squares.along(x) - m * m;
        }
    });
}

template <typename Scalar>
PictureErrors PhotometricLoss<Scalar>::run(const Scalar* picture, const LossTarget<Scalar>& target,
                                           Scalar* by_picture) {
    const int64_t h = target.height, w = target.width, total = 3 * h * w;
    for (auto* plane : {&by_mean_, &by_square_, &by_product_}) {
        plane->resize(at(total));
    }
    rows_.assign(at(3 * h), {});
    const std::vector<Scalar> zeros(at(w));
    // Of the mean SSIM and of the mean difference, with their shares of the loss.
    const Scalar by_ssim = static_cast<Scalar>(-share_ / static_cast<double>(total));
    const Scalar by_l1 = static_cast<Scalar>((1 - share_) / static_cast<double>(total));
    const Scalar c1 = static_cast<Scalar>(kC1), c2 = static_cast<Scalar>(kC2);

    parallel_for(3 * h, [&](int64_t row) {
        const int64_t plane = row / h * h * w, begin = row * w;
        const WindowRows<Scalar> in(picture + plane, row % h, h, w, zeros.data());
        const WindowRows<Scalar> truth(target.image.data() + plane, row % h, h, w, zeros.data());
        WindowRow<Scalar> values(w), squares(w), products(w);
        Scalar *v = values.columns(), *s = squares.columns(), *p = products.columns();
#pragma omp simd
        for (int64_t x = 0; x < w; ++x) {
            Scalar sum = 0, square = 0, product = 0;
            for (int64_t i = 0; i < kTaps; ++i) {
                const Scalar value = in.rows[i][x], weighted = tap<Scalar>(i) * value;
                sum += weighted;
                square += weighted * value;
                product += weighted * truth.rows[i][x];
            }
            v[x] = sum;
            s[x] = square;
            p[x] = product;
        }
        const Scalar *mean = target.mean.data() + begin, *variance = target.variance.data() + begin;
        Scalar *by_mean = by_mean_.data() + begin, *by_square = by_square_.data() + begin;
        Scalar* by_product = by_product_.data() + begin;
        Scalar ssim = 0;
#pragma omp simd reduction(+ : ssim)
        for (int64_t x = 0; x < w; ++x) {
            const Scalar m = values.along(x), n = mean[x];
            const Scalar a = 2 * m * n + c1, b = 2 * (products.along(x) - m * n) + c2;
            const Scalar c = m * m + n * n + c1;
            const Scalar d = squares.along(x) - m * m + variance[x] + c2;
            const Scalar over_c = 1 / c, over_d = 1 / d, over = over_c * over_d;
            const Scalar similarity = a * b * over;
            ssim += similarity;
            by_square[x] = by_ssim * -similarity * over_d;
            by_product[x] = by_ssim * 2 * a * over;
            by_mean[x] =
                by_ssim * (2 * n * (b - a) * over + 2 * m * similarity * (over_d - over_c));
        }
        Scalar l1 = 0, mse = 0;
        const Scalar *one = picture + begin, *other = target.image.data() + begin;
#pragma omp simd reduction(+ : l1, mse)
        for (int64_t x = 0; x < w; ++x) {
            const Scalar d = one[x] - other[x];
            l1 += std::abs(d);
            mse += d * d;
        }
        rows_[at(row)] = {static_cast<double>(l1), static_cast<double>(mse),
                          static_cast<double>(ssim)};
    });

    parallel_for(3 * h, [&](int64_t row) {
        const int64_t plane = row / h * h * w, begin = row * w;
        const WindowRows<Scalar> mean(by_mean_.data() + plane, row % h, h, w, zeros.data());
        const WindowRows<Scalar> square(by_square_.data() + plane, row % h, h, w, zeros.data());
        const WindowRows<Scalar> product(by_product_.data() + plane, row % h, h, w, zeros.data());
        WindowRow<Scalar> means(w), squares(w), products(w);
        Scalar *m = means.columns(), *s = squares.columns(), *p = products.columns();
#pragma omp simd
        for (int64_t x = 0; x < w; ++x) {
            Scalar of_mean = 0, of_square = 0, of_product = 0;
            for (int64_t i = 0; i < kTaps; ++i) {
                of_mean += tap<Scalar>(i) * mean.rows[i][x];
                of_square += tap<Scalar>(i) * square.rows[i][x];
                of_product += tap<Scalar>(i) * product.rows[i][x];
            }
            m[x] = of_mean;
            s[x] = of_square;
            p[x] = of_product;
        }
        const Scalar *one = picture + begin, *other = target.image.data() + begin;
        Scalar* by = by_picture + begin;
#pragma omp simd
        for (int64_t x = 0; x < w; ++x) {
            const Scalar d = one[x] - other[x];
            const Scalar sign = d > 0 ? by_l1 : d < 0 ? -by_l1 : Scalar{0};
            by[x] = sign + means.along(x) + 2 * one[x] * squares.along(x) +
                    other[x] * products.along(x);
        }
    });

    PictureErrors errors;
    for (const PictureErrors& row : rows_) {
        errors.l1 += row.l1;
        errors.mse += row.mse;
        errors.ssim += row.ssim;
    }
    errors.l1 /= static_cast<double>(total);
    errors.mse /= static_cast<double>(total);
    errors.ssim /= static_cast<double>(total);
    return errors;
}

template struct LossTarget<float>;
template struct LossTarget<double>;
template class PhotometricLoss<float>;
template class PhotometricLoss<double>;

}  // namespace longtake::gaussians
