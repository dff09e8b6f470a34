#include "core/cuda.h"
#include "gaussians/raster/cuda_rasterizer.h"
#include "gaussians/train/cuda_photometric_loss.h"
#include "gaussians/train/view_loss.h"

#include <vector>

namespace longtake::gaussians {
namespace {

class CudaViewLoss : public ViewLoss {
  public:
    CudaViewLoss(std::span<const TrainingView> views, double ssim_share)
        : rasterizer_(stream_), loss_(stream_, ssim_share) {
        for (const TrainingView& view : views) {
            cameras_.push_back(view.camera);
            const Tensor image =
                Tensor::from(planes_of(view), {3, view.camera.height, view.camera.width});
            targets_.push_back(loss_.target(image.to(Device::Cuda)));
        }
    }

    void run(const Cloud& cloud, std::size_t view, const RenderOptions& options,
             GradientTensors& out) override {
        rasterizer_.forward(cloud, cameras_[view], options, picture_,
                            CudaRasterizer::Keep::WhatGradientsNeed);
        loss_.run(picture_.colour, targets_[view], by_picture_.colour);
        rasterizer_.backward(cloud, picture_, by_picture_, out);
    }
    PictureErrors errors() override { return loss_.errors(); }
    double loss(const PictureErrors& errors) const override { return loss_.loss(errors); }
    GpuStream stream() const override { return stream_; }

  private:
    CudaStream stream_;
    std::vector<Camera> cameras_;
    std::vector<CudaLossTarget> targets_;
    CudaRasterizer rasterizer_;
    CudaPhotometricLoss loss_;
    Picture picture_, by_picture_;
};

}  // namespace

std::unique_ptr<ViewLoss> view_loss_cuda(std::span<const TrainingView> views, double ssim_share) {
    return std::make_unique<CudaViewLoss>(views, ssim_share);
}

}  // namespace longtake::gaussians
