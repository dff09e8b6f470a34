#include "gaussians/train/static_trainer.h"

#include "core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace longtake::gaussians {
namespace {

// [H, W, 3] 8-bit to [3, H, W] of 0..1.
std::vector<float> planes_of(const TrainingView& view) {
    const int64_t h = view.camera.height, w = view.camera.width;
    check(view.image.shape() == Shape({h, w, 3}), "an image of {} from a camera of [{}, {}]",
          view.image.shape().str(), h, w);
    const uint8_t* pixels = view.image.data<uint8_t>();
    std::vector<float> planes(static_cast<std::size_t>(3 * h * w));
    for (int64_t i = 0; i < 3 * h * w; ++i) {
        planes[static_cast<std::size_t>(i % 3 * h * w + i / 3)] =
            static_cast<float>(pixels[i]) / 255.F;
    }
    return planes;
}

}  // namespace

std::string TrainingStatus::text() const {
    return fmt::format("loss {:.4f}, {:.1f} dB, {} Gaussians", loss, psnr, gaussians);
}

StaticTrainer::StaticTrainer(std::vector<TrainingView> views, const Points& points,
                             const TrainingOptions& options)
    : views_(std::move(views)),
      options_(options),
      extent_(scene_extent(views_, points)),
      gaussians_(gaussians_at(points, options.sh_degree, options.initial_size)),
      adam_(points.count(), options.sh_degree),
      density_(options.density),
      engine_(options.seed),
      loss_(options.ssim_share) {
    check(!views_.empty(), "there are no views to learn from");
    check(points.count() > 0, "there are no points to start from");
    for (const TrainingView& view : views_) {
        targets_.emplace_back(planes_of(view), view.camera.height, view.camera.width);
    }
}

// Every view once before any comes again, in a random order.
std::size_t StaticTrainer::next_view() {
    if (order_.empty()) {
        order_.resize(views_.size());
        std::iota(order_.begin(), order_.end(), std::size_t{0});
    }
    std::swap(order_[engine_() % order_.size()], order_.back());
    const std::size_t view = order_.back();
    order_.pop_back();
    return view;
}

TrainingStatus StaticTrainer::step() {
    const std::size_t v = next_view();
    const Camera& camera = views_[v].camera;
    RenderOptions render = options_.render;
    render.sh_degree =
        static_cast<int>(std::min<int64_t>(iteration_ / options_.sh_every, options_.sh_degree));
    rasterizer_.forward(gaussians_.view(), camera, render, picture_);
    by_picture_.resize(camera.height, camera.width);
    const PictureErrors errors =
        loss_.run(picture_.colour.data(), targets_[v], by_picture_.colour.data());
    rasterizer_.backward(gaussians_.view(), picture_, by_picture_, gradient_);
    update();
    return {.iteration = iteration_,
            .loss = loss_.loss(errors),
            .psnr = errors.psnr(),
            .gaussians = gaussians_.count};
}

void StaticTrainer::update() {
    const double part = static_cast<double>(iteration_) / static_cast<double>(options_.iterations);
    const double rate = extent_ * std::exp((1 - part) * std::log(options_.first_rate) +
                                           part * std::log(options_.last_rate));
    if (options_.mcmc) {
        Mcmc(*options_.mcmc).add_costs(gaussians_, gradient_.attributes);
    }
    adam_.step(gaussians_, gradient_.attributes,
               {rate, options_.scale_rate, options_.rotation_rate, options_.opacity_rate,
                options_.dc_rate, options_.rest_rate});
    ++iteration_;
    control_density(rate);
}

void StaticTrainer::control_density(double rate) {
    const auto until =
        static_cast<int64_t>(options_.densify_until * static_cast<double>(options_.iterations));
    const bool active = iteration_ <= until;
    const bool due =
        active && iteration_ >= options_.densify_from && iteration_ % options_.densify_every == 0;
    if (options_.mcmc) {
        const Mcmc mcmc(*options_.mcmc);
        if (due) {
            mcmc.run(gaussians_, adam_, engine_);
        }
        mcmc.perturb(gaussians_, rate, options_.seed + static_cast<uint64_t>(iteration_));
        return;
    }
    if (active) {
        density_.observe(gradient_, rasterizer_.lists());
    }
    if (due) {
        density_.run(gaussians_, adam_, extent_, engine_);
    }
}

void StaticTrainer::run(const std::function<void(const TrainingStatus&)>& report) {
    while (iteration_ < options_.iterations) {
        const TrainingStatus status = step();
        if (report) {
            report(status);
        }
    }
}

PictureErrors errors_of(const Cloud& cloud, const TrainingView& view,
                        const RenderOptions& options) {
    const Picture picture = render(cloud, view.camera, options);
    std::vector<float> limited(picture.colour.values<float>().begin(),
                               picture.colour.values<float>().end());
    for (float& value : limited) {
        value = std::clamp(value, 0.F, 1.F);
    }
    const LossTarget<float> target(planes_of(view), view.camera.height, view.camera.width);
    std::vector<float> by_picture(limited.size());
    return PhotometricLoss<float>().run(limited.data(), target, by_picture.data());
}

}  // namespace longtake::gaussians
