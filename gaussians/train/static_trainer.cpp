#include "gaussians/train/static_trainer.h"

#include "core/error.h"
#include "gaussians/raster/splat.h"
#include "gaussians/train/gather_rows.h"
#include "gaussians/train/on_device.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace longtake::gaussians {
namespace {

constexpr double kRestDeviation = 0.1;  // of the matrix that latents begin with

}  // namespace

std::string TrainingStatus::text() const {
    return fmt::format("loss {:.4f}, {:.1f} dB, {} Gaussians", loss, psnr, gaussians);
}

StaticTrainer::StaticTrainer(std::vector<TrainingView> views, const Points& points,
                             const TrainingOptions& options, Device device)
    : StaticTrainer(views, to_cloud(gaussians_at(points, options.sh_degree, options.initial_size)),
                    scene_extent(views, points), options, device) {
    check(points.count() > 0, "there are no points to start from");
    if (options_.latents > 0 && options_.sh_degree > 0) {
        latents_ =
            Latents::start(points.count(), options_.latents, 3 * sh_rest_count(options_.sh_degree),
                           kRestDeviation, device, options_.seed);
    }
}

StaticTrainer::StaticTrainer(std::vector<TrainingView> views, const Cloud& start, double extent,
                             const TrainingOptions& options, Device device)
    : views_(std::move(views)),
      options_(options),
      device_(device),
      extent_(extent),
      loss_(ViewLoss::on(device, views_, options.ssim_share, options.graphs)),
      adam_(loss_->stream()),
      density_(options.density, loss_->stream()),
      engine_(options.seed),
      order_(views_.size()) {
    check(!views_.empty(), "there are no views to learn from");
    for (std::size_t c = 0; c < Cloud::kColumns; ++c) {
        const Tensor there = start.columns()[c]->to(device);
        *cloud_.columns()[c] = there.raw() == start.columns()[c]->raw() ? there.clone() : there;
    }
}

void StaticTrainer::step() {
    RenderOptions render = options_.render;
    render.sh_degree =
        static_cast<int>(std::min<int64_t>(iteration_ / options_.sh_every, options_.sh_degree));
    const int64_t done = iteration_ + 1;
    const bool controlled = done <= static_cast<int64_t>(options_.densify_until *
                                                         static_cast<double>(options_.iterations));
    const bool due =
        controlled && done >= options_.densify_from && done % options_.densify_every == 0;
    adam_.count_step();
    loss_->run(cloud_, order_.next(engine_), render, gradient_, [&] {
        learn();
        if (!due) {
            settle();
        }
    });
    if (controlled && !options_.mcmc) {
        density_.observe(gradient_);
    }
    if (due) {
        regrow(options_.mcmc ? Mcmc(*options_.mcmc, loss_->stream()).run(cloud_, engine_)
                             : density_.run(cloud_, extent_));
        settle();
    }
    ++iteration_;
}

double StaticTrainer::rate() const {
    const double part = static_cast<double>(iteration_) / static_cast<double>(options_.iterations);
    return extent_ * std::exp((1 - part) * std::log(options_.first_rate) +
                              part * std::log(options_.last_rate));
}

void StaticTrainer::learn() {
    Cloud& by = gradient_.attributes;
    if (options_.mcmc) {
        Mcmc(*options_.mcmc, loss_->stream()).add_costs(cloud_, by);
    }
    std::vector<AdamColumn> columns{{cloud_.means, by.means, rate()},
                                    {cloud_.log_scales, by.log_scales, options_.scale_rate},
                                    {cloud_.rotations, by.rotations, options_.rotation_rate},
                                    {cloud_.opacities, by.opacities, options_.opacity_rate},
                                    {cloud_.sh_dc, by.sh_dc, options_.dc_rate}};
    if (latents_) {
        decode_latents_backward(*latents_, {}, by.sh_rest, by_latents_, nullptr, loss_->stream());
        columns.push_back({latents_->values, by_latents_.values, options_.latent_rate});
        columns.push_back({latents_->matrix, by_latents_.matrix, options_.decoder_rate});
        columns.push_back({latents_->shift, by_latents_.shift, options_.decoder_rate});
    } else {
        columns.push_back({cloud_.sh_rest, by.sh_rest, options_.rest_rate});
    }
    adam_.move(columns);
}

// What follows once it is known which Gaussians there are.
void StaticTrainer::settle() {
    if (options_.mcmc) {
        Mcmc(*options_.mcmc, loss_->stream())
            .perturb(cloud_, rate(), options_.seed + static_cast<uint64_t>(iteration_ + 1));
    }
    if (latents_) {
        decode_latents(*latents_, {}, cloud_.sh_rest, loss_->stream());
    }
}

void StaticTrainer::regrow(const Regrowth& change) {
    constexpr std::size_t kPerGaussian = Cloud::kColumns;  // of learn()'s columns
    const Tensor sources = on(device_, change.sources);
    const auto gather = [&](Tensor& rows) { rows = gather_rows(rows, sources, loss_->stream()); };
    std::ranges::for_each(cloud_.columns(), [&](Tensor* column) { gather(*column); });
    if (latents_) {
        gather(latents_->values);
    }
    adam_.gather(on(device_, change.moments), kPerGaussian);
    cloud_.opacities = on(device_, change.opacities);
    scatter(cloud_, on(device_, change.spread), on(device_, change.scaling), engine_(),
            loss_->stream());
}

void StaticTrainer::keep_visible(double distance) {
    const auto faintest = static_cast<float>(std::log(kMinAlpha / (1 - kMinAlpha)));
    synchronize(device_, loss_->stream());
    const Tensor means = cloud_.means.to(Device::Cpu), logits = cloud_.opacities.to(Device::Cpu);
    Regrowth rows;
    for (int32_t i = 0; i < cloud_.count(); ++i) {
        const float* at = means.data<float>() + 3 * i;
        const float logit = logits.data<float>()[i];
        if (logit >= faintest &&
            std::all_of(at, at + 3, [&](float v) { return std::abs(v) <= distance; })) {
            rows.keep(i, logit);
        }
    }
    regrow(rows);
}

TrainingStatus StaticTrainer::status() {
    const PictureErrors errors = loss_->errors();
    return {.iteration = iteration_,
            .loss = loss_->loss(errors),
            .psnr = errors.psnr(),
            .gaussians = cloud_.count()};
}

const Cloud& StaticTrainer::cloud() {
    synchronize(device_, loss_->stream());
    return cloud_;
}

Latents StaticTrainer::latents() {
    synchronize(device_, loss_->stream());
    check(latents_ || options_.sh_degree == 0, "harmonics were learnt without latents");
    return latents_ ? *latents_
                    : Latents{.values = Tensor({cloud_.count(), 0}, DType::F32, device_),
                              .matrix = Tensor({0, 0}, DType::F32, device_),
                              .shift = Tensor({0}, DType::F32, device_)};
}

void StaticTrainer::run(const std::function<void(const TrainingStatus&)>& report) {
    while (iteration_ < options_.iterations) {
        step();
        if (report) {
            report(status());
        }
    }
}

PictureErrors errors_of(const Cloud& cloud, const TrainingView& view,
                        const RenderOptions& options) {
    const Tensor colour = render(cloud, view.camera, options).colour.to(Device::Cpu);
    std::vector<float> limited(colour.values<float>().begin(), colour.values<float>().end());
    for (float& value : limited) {
        value = std::clamp(value, 0.F, 1.F);
    }
    const LossTarget<float> target(planes_of(view), view.camera.height, view.camera.width);
    std::vector<float> by_picture(limited.size());
    return PhotometricLoss<float>().run(limited.data(), target, by_picture.data());
}

}  // namespace longtake::gaussians
