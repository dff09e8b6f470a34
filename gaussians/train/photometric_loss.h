#pragma once

#include "gaussians/train/loss_row.h"

#include <cmath>
#include <cstdint>
#include <vector>

namespace longtake::gaussians {

// A picture [3, H, W] to learn from, with the statistics that every comparison needs of it.
template <typename Scalar> struct LossTarget {
    LossTarget(std::vector<Scalar> planes, int64_t image_height, int64_t image_width);

    int64_t height, width;
    std::vector<Scalar> image, mean, variance;  // [3, H, W]; the latter two under SSIM's window
};

struct PictureErrors {
    double l1 = 0;   // mean magnitude of the differences
    double mse = 0;  // mean of their squares
    double ssim = 0;

    double psnr() const { return -10 * std::log10(mse); }  // dB
};

// (1 - share) mean |x - y| + share (1 - mean SSIM), with the SSIM of Wang et al. 2004: a window of
// 11 x 11 pixels, sigma 1.5, zeros around the picture, C1 = 1e-4, C2 = 9e-4, for every channel.
// The results do not depend on the number of threads.
template <typename Scalar> class PhotometricLoss {
  public:
    explicit PhotometricLoss(double ssim_share = 0.2,
                             const LossKernel<Scalar>& kernel = *loss_kernels<Scalar>().front())
        : share_(ssim_share), kernel_(kernel) {}

    // Writes the gradient by `picture`, [3, H, W].
    PictureErrors run(const Scalar* picture, const LossTarget<Scalar>& target, Scalar* by_picture);
    double loss(const PictureErrors& errors) const {
        return (1 - share_) * errors.l1 + share_ * (1 - errors.ssim);
    }

  private:
    double share_;
    const LossKernel<Scalar>& kernel_;
    std::vector<Scalar> by_mean_, by_square_, by_product_;  // of SSIM, [3, H, W]
    std::vector<PictureErrors> rows_;                       // sums, [3, H]
};

}  // namespace longtake::gaussians
