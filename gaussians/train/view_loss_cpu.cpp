#include "gaussians/raster/rasterizer.h"
#include "gaussians/train/view_loss.h"

#include <vector>

namespace longtake::gaussians {
namespace {

Tensor shared(std::vector<float>& values, const Shape& shape) {
    return Tensor::view(values.data(), shape, DType::F32);
}

class CpuViewLoss : public ViewLoss {
  public:
    CpuViewLoss(std::span<const TrainingView> views, double ssim_share) : loss_(ssim_share) {
        for (const TrainingView& view : views) {
            cameras_.push_back(view.camera);
            targets_.emplace_back(planes_of(view), view.camera.height, view.camera.width);
        }
    }

    void run(const Cloud& cloud, std::size_t view, const RenderOptions& options,
             GradientTensors& out) override {
        const Camera& camera = cameras_[view];
        rasterizer_.forward(view_of(cloud), camera, options, picture_);
        by_picture_.resize(camera.height, camera.width);
        errors_ = loss_.run(picture_.colour.data(), targets_[view], by_picture_.colour.data());
        rasterizer_.backward(view_of(cloud), picture_, by_picture_, gradient_);
        share(out);
    }
    PictureErrors errors() override { return errors_; }
    double loss(const PictureErrors& errors) const override { return loss_.loss(errors); }

  private:
    // The result, which stays in the memory of this class.
    void share(GradientTensors& out) {
        Attributes<float>& g = gradient_.attributes;
        const int64_t n = g.count;
        out.attributes = {.means = shared(g.means, {n, 3}),
                          .log_scales = shared(g.log_scales, {n, 3}),
                          .rotations = shared(g.rotations, {n, 4}),
                          .opacities = shared(g.opacities, {n}),
                          .sh_dc = shared(g.sh_dc, {n, 3}),
                          .sh_rest = shared(g.sh_rest, {n, sh_rest_count(g.sh_degree), 3})};
        out.screen = shared(gradient_.screen, {n, 2});
        out.screen_magnitude = shared(gradient_.screen_magnitude, {n, 2});
        tiles_.resize(static_cast<std::size_t>(n));
        const std::vector<int32_t>& begin = rasterizer_.lists().slot_begin;
        for (std::size_t i = 0; i < tiles_.size(); ++i) {
            tiles_[i] = begin[i + 1] - begin[i];
        }
        out.tiles = Tensor::view(tiles_.data(), {n}, DType::I32);
    }

    std::vector<Camera> cameras_;
    std::vector<LossTarget<float>> targets_;
    Rasterizer<float> rasterizer_;
    PhotometricLoss<float> loss_;
    PictureErrors errors_;
    PlanarPicture<float> picture_, by_picture_;
    CloudGradient<float> gradient_;
    std::vector<int32_t> tiles_;
};

}  // namespace

std::unique_ptr<ViewLoss> ViewLoss::on(Device device, std::span<const TrainingView> views,
                                       double ssim_share) {
    return device == Device::Cpu ? view_loss_cpu(views, ssim_share)
                                 : view_loss_cuda(views, ssim_share);
}

std::unique_ptr<ViewLoss> view_loss_cpu(std::span<const TrainingView> views, double ssim_share) {
    return std::make_unique<CpuViewLoss>(views, ssim_share);
}

}  // namespace longtake::gaussians
