#include "core/cuda.h"
#include "gaussians/raster/cuda_rasterizer.h"
#include "gaussians/train/cuda_photometric_loss.h"
#include "gaussians/train/view_loss.h"

#include <vector>

namespace longtake::gaussians {
namespace {

// Of more meetings of Gaussians and tiles than these, the GPU takes longer than the host needs to
// launch, and sorting as many as there is room for longer than those there are.
constexpr int64_t kMostRecorded = 1 << 19;

class CudaViewLoss : public ViewLoss {
  public:
    CudaViewLoss(std::span<const TrainingView> views, double ssim_share, bool graphs)
        : ViewLoss(Device::Cuda, views),
          rasterizer_(stream_),
          loss_(stream_, ssim_share),
          targets_(views.size()),
          graphs_(graphs) {}
    ~CudaViewLoss() override { cudaStreamSynchronize(stream_); }  // a graph may be running
    CudaViewLoss(const CudaViewLoss&) = delete;
    CudaViewLoss& operator=(const CudaViewLoss&) = delete;

    PictureErrors errors() override { return loss_.errors(); }
    double loss(const PictureErrors& errors) const override { return loss_.loss(errors); }
    GpuStream stream() const override { return stream_; }
    int64_t recorded() const override { return recorded_; }

  private:
    // A step is recorded anew each time, while the GPU has the one before: that takes less than
    // launching, as nothing of it depends on the number of meetings. Two graphs: that number is
    // looked at while the first one sorts.
    void step(const Cloud& cloud, std::size_t view, const RenderOptions& options,
              GradientTensors& out, const std::function<void()>& then) override {
        if (!may_record(cloud, seen(view).camera)) {
            ViewLoss::step(cloud, view, options, out, then);
            return;
        }
        rasterizer_.begin(cloud, seen(view).camera, masked(view, options), picture_,
                          CudaRasterizer::Keep::WhatGradientsNeed);
        const auto order = [&] { rasterizer_.order(); };
        order_.record(stream_, order) ? order_.launch(stream_) : order();
        const auto rest = [&] {
            rasterizer_.draw();
            compare(view);
            go_back(cloud, out);
            if (then) {
                then();
            }
        };
        bool recorded = rest_.record(stream_, rest);
        if (!rasterizer_.fits()) {
            recorded = rest_.record(stream_, rest);
        }
        recorded ? rest_.launch(stream_) : rest();
        recorded_ += recorded ? 1 : 0;
    }
    // Not where tensors of another size have to be made.
    bool may_record(const Cloud& cloud, const Camera& camera) {
        const Shape like{cloud.count(), camera.height, camera.width};
        const bool same = like == last_;
        last_ = like;
        return graphs_ && same && rasterizer_.room() <= kMostRecorded;
    }
    void advanced() override { last_ = {}; }
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
    bool graphs_;
    CudaGraph order_, rest_;
    int64_t recorded_ = 0;
    Shape last_;  // Gaussians and pixels of the last step
};

}  // namespace

std::unique_ptr<ViewLoss> view_loss_cuda(std::span<const TrainingView> views, double ssim_share,
                                         bool graphs) {
    return std::make_unique<CudaViewLoss>(views, ssim_share, graphs);
}

}  // namespace longtake::gaussians
