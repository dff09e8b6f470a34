#pragma once

#include "gaussians/raster/render.h"
#include "gaussians/train/photometric_loss.h"
#include "gaussians/train/training_view.h"

#include <cstddef>
#include <memory>
#include <span>

namespace longtake::gaussians {

// What the pictures that cameras took say about Gaussians, on one device: draws, compares and goes
// back. Keeps the views' pictures there.
class ViewLoss {
  public:
    // Throws Error when an image is not of its camera's size.
    static std::unique_ptr<ViewLoss> on(Device device, std::span<const TrainingView> views,
                                        double ssim_share);
    virtual ~ViewLoss() = default;

    // Draws the cloud for a view and writes the gradient of the loss by it; on the GPU the work is
    // queued on stream().
    virtual void run(const Cloud& cloud, std::size_t view, const RenderOptions& options,
                     GradientTensors& out) = 0;
    // Of the last run, for which it waits.
    virtual PictureErrors errors() = 0;
    virtual double loss(const PictureErrors& errors) const = 0;
    virtual GpuStream stream() const { return nullptr; }
};

std::unique_ptr<ViewLoss> view_loss_cpu(std::span<const TrainingView> views, double ssim_share);
std::unique_ptr<ViewLoss> view_loss_cuda(std::span<const TrainingView> views, double ssim_share);

}  // namespace longtake::gaussians
