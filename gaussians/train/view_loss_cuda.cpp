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
        : ViewLoss(Device::Cuda, views),
          rasterizer_(stream_),
          loss_(stream_, ssim_share),
          targets_(views.size()) {}

    PictureErrors errors() override { return loss_.errors(); }
    double loss(const PictureErrors& errors) const override { return loss_.loss(errors); }
    GpuStream stream() const override { return stream_; }

  private:
    Tensor& target(std::size_t view) override {
        const Camera& camera = seen(view).camera;
        Tensor& image = targets_[view].image;
        if (image.empty()) {
            image = Tensor({3, camera.height, camera.width}, DType::F32, Device::Cuda);
        }
        return image;
    }
    void targeted(std::size_t view) override { loss_.describe(targets_[view]); }
    const Picture& draw(const Cloud& cloud, const Camera& camera, const RenderOptions& options,
                        bool gradients) override {
        using Keep = CudaRasterizer::Keep;
        rasterizer_.forward(cloud, camera, options, picture_,
                            gradients ? Keep::WhatGradientsNeed : Keep::Nothing);
        return picture_;
    }
    void compare(std::size_t view) override {
        loss_.run(picture_.colour, targets_[view], by_picture_.colour);
    }
    Tensor& by_colour() override {
        if (by_picture_.colour.empty() || by_picture_.colour.shape() != picture_.colour.shape()) {
            by_picture_.colour = Tensor(picture_.colour.shape(), DType::F32, Device::Cuda);
        }
        return by_picture_.colour;
    }
    void go_back(const Cloud& cloud, GradientTensors& out) override {
        rasterizer_.backward(cloud, picture_, by_picture_, out);
    }

    CudaStream stream_;
    CudaRasterizer rasterizer_;
    CudaPhotometricLoss loss_;
    std::vector<CudaLossTarget> targets_;
    Picture picture_, by_picture_;
};

}  // namespace

std::unique_ptr<ViewLoss> view_loss_cuda(std::span<const TrainingView> views, double ssim_share) {
    return std::make_unique<CudaViewLoss>(views, ssim_share);
}

}  // namespace longtake::gaussians
