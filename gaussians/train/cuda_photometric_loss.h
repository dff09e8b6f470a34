#pragma once

#include "core/cuda.h"
#include "core/tensor.h"
#include "gaussians/train/photometric_loss.h"

namespace longtake::gaussians {

// LossTarget on the GPU: [3, H, W] each.
struct CudaLossTarget {
    Tensor image, mean, variance;
};

// PhotometricLoss<float> on the GPU, the work queued on a stream. All tensors are fp32, [3, H, W]
// and on the GPU. The results are the same from run to run.
class CudaPhotometricLoss {
  public:
    explicit CudaPhotometricLoss(cudaStream_t stream, double ssim_share = 0.2)
        : stream_(stream), share_(ssim_share) {}

    // Throws Error for anything but [3, H, W].
    CudaLossTarget target(const Tensor& image) const;
    // Writes the statistics of its image, making tensors that are missing or of another size.
    void describe(CudaLossTarget& target) const;
    // Writes the gradient by `picture`, making the tensor when it is missing or of another size.
    void run(const Tensor& picture, const CudaLossTarget& target, Tensor& by_picture);
    // Of the last run, for which it waits.
    PictureErrors errors() const;
    double loss(const PictureErrors& errors) const {
        return (1 - share_) * errors.l1 + share_ * (1 - errors.ssim);
    }

  private:
    cudaStream_t stream_;
    double share_;
    Tensor by_mean_, by_square_, by_product_;  // of SSIM, [3, H, W]
    Tensor sums_;                              // [blocks, 3] of magnitudes, squares and SSIM
};

}  // namespace longtake::gaussians
