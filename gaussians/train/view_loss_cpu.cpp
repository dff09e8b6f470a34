#include "gaussians/raster/rasterizer.h"
#include "gaussians/train/view_loss.h"

#include <optional>
#include <vector>

namespace longtake::gaussians {
namespace {

Tensor shared(std::vector<float>& values, const Shape& shape) {
    return Tensor::view(values.data(), shape, DType::F32);
}

class CpuViewLoss : public ViewLoss {
  public:
    CpuViewLoss(std::span<const TrainingView> views, double ssim_share)
        : ViewLoss(Device::Cpu, views), loss_(ssim_share), targets_(views.size()) {}

    PictureErrors errors() override { return errors_; }
    double loss(const PictureErrors& errors) const override { return loss_.loss(errors); }

  private:
    Tensor& target(std::size_t view) override {
        const Camera& camera = seen(view).camera;
        planes_.resize(static_cast<std::size_t>(3 * camera.height * camera.width));
        plane_tensor_ = shared(planes_, {3, camera.height, camera.width});
        return plane_tensor_;
    }
    void targeted(std::size_t view) override {
        const Camera& camera = seen(view).camera;
        targets_[view].emplace(planes_, camera.height, camera.width);
    }
    const Picture& draw(const Cloud& cloud, const Camera& camera, const RenderOptions& options,
                        bool) override {
        rasterizer_.forward(view_of(cloud), camera, options, planar_);
        const int64_t h = camera.height, w = camera.width;
        by_planar_.resize(h, w);
        picture_ = {.colour = shared(planar_.colour, {3, h, w}),
                    .alpha = shared(planar_.alpha, {h, w}),
                    .depth = shared(planar_.depth, {h, w})};
        by_colour_ = shared(by_planar_.colour, {3, h, w});
        return picture_;
    }
    void compare(std::size_t view) override {
        errors_ = loss_.run(planar_.colour.data(), *targets_[view], by_planar_.colour.data());
    }
    Tensor& by_colour() override { return by_colour_; }
    // The result stays in the memory of this class.
    void go_back(const Cloud& cloud, GradientTensors& out) override {
        rasterizer_.backward(view_of(cloud), planar_, by_planar_, gradient_);
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

    Rasterizer<float> rasterizer_;
    PhotometricLoss<float> loss_;
    std::vector<std::optional<LossTarget<float>>> targets_;
    PictureErrors errors_;
    PlanarPicture<float> planar_, by_planar_;
    std::vector<float> planes_;
    Picture picture_;  // of planar_
    Tensor plane_tensor_, by_colour_;
    CloudGradient<float> gradient_;
    std::vector<int32_t> tiles_;
};

}  // namespace

std::unique_ptr<ViewLoss> view_loss_cpu(std::span<const TrainingView> views, double ssim_share) {
    return std::make_unique<CpuViewLoss>(views, ssim_share);
}

}  // namespace longtake::gaussians
