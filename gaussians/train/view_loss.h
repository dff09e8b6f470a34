#pragma once

#include "gaussians/raster/render.h"
#include "gaussians/train/photometric_loss.h"
#include "gaussians/train/training_view.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace longtake::gaussians {

// What the pictures that cameras took say about Gaussians, on one device: draws, compares and goes
// back. Keeps the views' pictures there. On the GPU work is queued on stream().
class ViewLoss {
  public:
    // Throws Error when an image is not of its camera's size.
    // With `graphs`, on the GPU, steps are recorded where launching takes long beside working.
    static std::unique_ptr<ViewLoss> on(Device device, std::span<const TrainingView> views,
                                        double ssim_share, bool graphs = false);
    virtual ~ViewLoss() = default;

    std::size_t views() const { return seen_.size(); }
    // The pictures of the next moment, one of each view, on either device; run_change() compares
    // them with those so far.
    void advance(std::span<const Tensor> images);
    // From now on only these tiles of a view are drawn and learnt from (TileGrid::alive); empty:
    // all.
    void mask(std::size_t view, std::vector<uint8_t> tiles);

    // Draws the cloud for a view and writes the gradient of the loss by it; then does `then`, which
    // on the GPU only queues work and leaves the host as it is: a step of a small scene is recorded
    // with it as a graph, and `then` may be called again for that.
    void run(const Cloud& cloud, std::size_t view, const RenderOptions& options,
             GradientTensors& out, const std::function<void()>& then = {});
    // The gradient of what its picture differs from the image now less what it differs from the one
    // before, each the mean magnitude of pixels' differences.
    void run_change(const Cloud& cloud, std::size_t view, const RenderOptions& options,
                    GradientTensors& out);
    // The tiles of those squares of kCellSide pixels that the cloud covers somewhere. Waits.
    std::vector<uint8_t> covered(const Cloud& cloud, std::size_t view,
                                 const RenderOptions& options);

    // Of the last run, for which it waits.
    virtual PictureErrors errors() = 0;
    virtual double loss(const PictureErrors& errors) const = 0;
    virtual GpuStream stream() const { return nullptr; }
    virtual int64_t recorded() const { return 0; }  // steps that were launched as graphs

  protected:
    struct Seen {
        Camera camera;
        Tensor now, before;  // images on the device; none before the first
        std::vector<uint8_t> tiles;
        bool targeted = false;  // what is compared with is of `now` and `tiles`
    };

    ViewLoss(Device device, std::span<const TrainingView> views);
    const Seen& seen(std::size_t view) const { return seen_[view]; }
    RenderOptions masked(std::size_t view, const RenderOptions& options) const;
    // What run() is, once the view's target is there.
    virtual void step(const Cloud& cloud, std::size_t view, const RenderOptions& options,
                      GradientTensors& out, const std::function<void()>& then);

  private:
    // The target of a view is these planes [3, H, W], which are this function's to write.
    virtual Tensor& target(std::size_t view) = 0;
    virtual void advanced() {}  // to the next moment
    virtual void targeted(std::size_t view) = 0;
    virtual const Picture& draw(const Cloud& cloud, const Camera& camera,
                                const RenderOptions& options, bool gradients) = 0;
    virtual void compare(std::size_t view) = 0;  // the last picture; writes by_colour()
    virtual Tensor& by_colour() = 0;             // [3, H, W] of the last picture's size
    virtual void go_back(const Cloud& cloud, GradientTensors& out) = 0;

    void check_image(const Seen& seen, const Tensor& image) const;
    void refresh(std::size_t view);

    Device device_;
    std::vector<Seen> seen_;
};

std::unique_ptr<ViewLoss> view_loss_cpu(std::span<const TrainingView> views, double ssim_share);
std::unique_ptr<ViewLoss> view_loss_cuda(std::span<const TrainingView> views, double ssim_share,
                                         bool graphs);

}  // namespace longtake::gaussians
