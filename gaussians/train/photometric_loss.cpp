#include "gaussians/train/photometric_loss.h"

#include "core/error.h"
#include "core/parallel.h"
#include "gaussians/raster/instructions.h"

#include <array>
#include <utility>

namespace longtake::gaussians {

extern const LossKernel<float> kLossPortable;
extern const LossKernel<double> kLossOracle;
#if defined(__x86_64__)
extern const LossKernel<float> kLossAvx2;
#endif

template <> std::span<const LossKernel<float>* const> loss_kernels<float>() {
#if defined(__x86_64__)
    static constexpr std::array kAll{&kLossAvx2, &kLossPortable};
    return std::span(kAll).subspan(has_avx2() ? 0 : 1);
#else
    static constexpr std::array kAll{&kLossPortable};
    return kAll;
#endif
}

template <> std::span<const LossKernel<double>* const> loss_kernels<double>() {
    static constexpr std::array kAll{&kLossOracle};
    return kAll;
}

namespace {

std::size_t at(int64_t i) {
    return static_cast<std::size_t>(i);
}

// Calls body(row, channel's first value, row's first value, scratch of zeros) for the rows of all
// channels.
template <typename Scalar, typename Body>
void for_each_row(int64_t height, int64_t width, const Body& body) {
    parallel_for(3 * height, [&](int64_t row) {
        std::vector<Scalar> scratch(at(3 * (width + kTaps - 1)));
        body(row, row / height * height * width, row * width, scratch.data());
    });
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
    const std::vector<Scalar> zeros(at(width));
    for_each_row<Scalar>(height, width, [&](int64_t row, int64_t plane, int64_t begin, Scalar* s) {
        const WindowRows<Scalar> in(image.data() + plane, row % height, height, width,
                                    zeros.data());
        Scalar* squares = s + width + kTaps - 1;
        for (int64_t x = 0; x < width; ++x) {
            for (int64_t i = 0; i < kTaps; ++i) {
                const Scalar v = in.rows[i][x], weight = static_cast<Scalar>(kTapWeights[i]);
                s[x + kTapsReach] += weight * v;
                squares[x + kTapsReach] += weight * v * v;
            }
        }
        for (int64_t x = 0; x < width; ++x) {
            Scalar value = 0, square = 0;
            for (int64_t i = 0; i < kTaps; ++i) {
                value += static_cast<Scalar>(kTapWeights[i]) * s[x + i];
                square += static_cast<Scalar>(kTapWeights[i]) * squares[x + i];
            }
            mean[at(begin + x)] = value;
            variance[at(begin + x)] = square - value * value;
        }
    });
}

template <typename Scalar>
PictureErrors PhotometricLoss<Scalar>::run(const Scalar* picture, const LossTarget<Scalar>& target,
                                           Scalar* by_picture) {
    const int64_t h = target.height, w = target.width, total = 3 * h * w;
    const double values = static_cast<double>(total);
    for (auto* plane : {&by_mean_, &by_square_, &by_product_}) {
        plane->resize(at(total));
    }
    rows_.resize(at(3 * h));
    const std::vector<Scalar> zeros(at(w));
    const auto window = [&](const Scalar* plane, int64_t row) {
        return WindowRows<Scalar>(plane, row % h, h, w, zeros.data());
    };
    const Scalar* truth = target.image.data();
    for_each_row<Scalar>(h, w, [&](int64_t row, int64_t plane, int64_t begin, Scalar* scratch) {
        const RowErrors<Scalar> sums =
            kernel_.compare({.width = w,
                             .picture = window(picture + plane, row),
                             .truth = window(truth + plane, row),
                             .mean = target.mean.data() + begin,
                             .variance = target.variance.data() + begin,
                             .by_ssim = static_cast<Scalar>(-share_ / values),
                             .by_mean = by_mean_.data() + begin,
                             .by_square = by_square_.data() + begin,
                             .by_product = by_product_.data() + begin,
                             .scratch = scratch});
        rows_[at(row)] = {static_cast<double>(sums.l1), static_cast<double>(sums.mse),
                          static_cast<double>(sums.ssim)};
    });
    for_each_row<Scalar>(h, w, [&](int64_t row, int64_t plane, int64_t begin, Scalar* scratch) {
        kernel_.gradient({.width = w,
                          .by_mean = window(by_mean_.data() + plane, row),
                          .by_square = window(by_square_.data() + plane, row),
                          .by_product = window(by_product_.data() + plane, row),
                          .picture = picture + begin,
                          .truth = truth + begin,
                          .by_l1 = static_cast<Scalar>((1 - share_) / values),
                          .by_picture = by_picture + begin,
                          .scratch = scratch});
    });
    PictureErrors errors;
    for (const PictureErrors& row : rows_) {
        errors.l1 += row.l1 / values;
        errors.mse += row.mse / values;
        errors.ssim += row.ssim / values;
    }
    return errors;
}

template struct LossTarget<float>;
template struct LossTarget<double>;
template class PhotometricLoss<float>;
template class PhotometricLoss<double>;

}  // namespace longtake::gaussians
