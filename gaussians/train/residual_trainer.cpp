#include "gaussians/train/residual_trainer.h"

#include "core/error.h"
#include "gaussians/raster/splat.h"
#include "gaussians/train/gather_rows.h"
#include "gaussians/train/on_device.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

namespace longtake::gaussians {
namespace {

double logit(double probability) {
    return std::log(probability / (1 - probability));
}

// Of what is due at a moment of a frame: the last time it was asked to now.
class Laps {
  public:
    double next() {
        const auto now = std::chrono::steady_clock::now();
        const std::chrono::duration<double> passed = now - last_;
        last_ = now;
        return passed.count();
    }

  private:
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

DensityOptions multiplying(DensityOptions options) {
    options.min_opacity = 0;  // old Gaussians stay
    return options;
}

// How many steps `pixels` of the camera are at the median depth of what lies before it.
int32_t move_factor_of(const Camera& camera, const FixedCloud& cloud, const RenderOptions& render,
                       double pixels) {
    const Tensor means = cloud.means.to(Device::Cpu);
    std::vector<double> depths;
    for (int64_t i = 0; i < cloud.count(); ++i) {
        double depth = camera.translation[2];
        for (std::size_t k = 0; k < 3; ++k) {
            depth += camera.rotation[6 + k] * static_cast<double>(cloud.mean_step) *
                     means.data<int32_t>()[3 * i + static_cast<int64_t>(k)];
        }
        if (depth > render.near) {
            depths.push_back(depth);
        }
    }
    if (depths.empty() || pixels <= 0) {
        return 1;
    }
    const auto middle = depths.begin() + std::ssize(depths) / 2;
    std::ranges::nth_element(depths, middle);
    const double steps = pixels * *middle / camera.fx / static_cast<double>(cloud.mean_step);
    constexpr double kMostBits = 20;
    return 1 << static_cast<int>(std::clamp(std::floor(std::log2(steps)), 0., kMostBits));
}

}  // namespace

ResidualTrainer::ResidualTrainer(std::span<const TrainingView> views, const FixedCloud& first,
                                 double extent, const ResidualOptions& options, Device device)
    : options_(options),
      device_(device),
      extent_(extent),
      move_factor_(1),
      loss_(ViewLoss::on(device, views, options.ssim_share, options.graphs)),
      state_(first.to(device)),
      model_(state_, options.gate_shape, options.gate_latents, options.seed, loss_->stream()),
      order_(views.size()),
      engine_(options.seed),
      lineage_(0, {}),
      adam_(loss_->stream()),
      density_(multiplying(options.density), loss_->stream()) {
    check(!views.empty(), "there are no views to learn from");
    move_factor_ = move_factor_of(views[0].camera, first, options.render, options.move_pixels);
}

std::optional<Residual> ResidualTrainer::next(std::span<const Tensor> images,
                                              const std::function<bool()>& go_on) {
    Laps laps;
    loss_->advance(images);
    begin();
    const bool masked = options_.masked_share > 0;
    const bool scored =
        options_.gates == GateStart::Median || options_.gates == GateStart::Robust || masked;
    const std::vector<float> score =
        scored ? scores() : std::vector<float>(static_cast<std::size_t>(model_.count()));
    set_gates(score);
    summary_.score_seconds = laps.next();
    set_masks(score);
    summary_.mask_seconds = laps.next();
    const auto views = static_cast<int64_t>(loss_->views());
    const auto masked_rounds =
        std::ceil(options_.masked_share * static_cast<double>(options_.rounds));
    model_.decode(cloud_);
    for (int64_t i = 0; i < options_.rounds * views; ++i) {
        if (masked && i == static_cast<int64_t>(masked_rounds) * views) {
            for (std::size_t view = 0; view < loss_->views(); ++view) {
                loss_->mask(view, {});
            }
        }
        step(i);
        if (go_on && !go_on()) {
            return std::nullopt;
        }
    }
    synchronize(device_, loss_->stream());
    summary_.learn_seconds = laps.next();
    Residual residual = finish();
    summary_.round_seconds = laps.next();
    return residual;
}

void ResidualTrainer::begin() {
    std::vector<int32_t> dead;
    if (options_.remove_dead) {
        const auto faintest = std::floor(logit(kMinAlpha) / static_cast<double>(kFixedStep));
        const Tensor opacities = state_.opacities.to(Device::Cpu);
        for (int32_t i = 0; i < opacities.count(); ++i) {
            if (opacities.data<int32_t>()[i] < faintest) {
                dead.push_back(i);
            }
        }
    }
    summary_ = {.removed = std::ssize(dead)};
    lineage_ = Lineage(state_.count(), dead);
    model_.begin(state_, lineage_.sources(), move_factor_);
    adam_ = Adam(loss_->stream());
    density_ = DensityControl(multiplying(options_.density), loss_->stream());
}

// How strongly each Gaussian is pulled elsewhere than by the pictures before: QUEEN's gradient
// difference, summed over the views.
std::vector<float> ResidualTrainer::scores() {
    const int64_t n = model_.count();
    model_.decode(cloud_);
    Tensor pull({n}, DType::F32, device_), seen({n}, DType::I32, device_);
    for (Tensor* sums : {&pull, &seen}) {
        clear_bytes(sums->raw(), device_, sums->bytes(), loss_->stream());
    }
    for (std::size_t view = 0; view < loss_->views(); ++view) {
        loss_->run_change(cloud_, view, options_.render, gradient_);
        observe(gradient_, pull, seen, loss_->stream());
    }
    synchronize(device_, loss_->stream());
    pull = pull.to(Device::Cpu);
    std::vector<float> scores(pull.values<float>().begin(), pull.values<float>().end());
    std::ranges::replace_if(
        scores, [](float score) { return std::isnan(score); }, 0.F);
    return scores;
}

void ResidualTrainer::set_gates(const std::vector<float>& scores) {
    if (options_.gates == GateStart::Open) {
        return;
    }
    std::vector<float> pooled = scores;
    if (options_.pool > 0) {
        const Tensor means = cloud_.means.to(Device::Cpu);
        pooled = pooled_scores(scores, means.values<float>(), options_.pool * extent_);
    }
    std::vector<float> logits = gate_probabilities(pooled, options_.gates, options_.gate_threshold);
    std::ranges::transform(logits, logits.begin(), [&](float probability) {
        return gate_logit(probability, options_.gate_shape);
    });
    model_.set_gates(logits);
}

void ResidualTrainer::set_masks(const std::vector<float>& scores) {
    if (options_.masked_share <= 0) {
        return;
    }
    std::vector<int32_t> moving;
    for (int32_t i = 0; i < std::ssize(scores); ++i) {
        if (static_cast<double>(scores[static_cast<std::size_t>(i)]) > options_.moving) {
            moving.push_back(i);
        }
    }
    Cloud cloud;
    const Tensor rows = on(device_, moving);
    for (std::size_t c = 0; c < Cloud::kColumns; ++c) {
        *cloud.columns()[c] = gather_rows(*cloud_.columns()[c], rows, loss_->stream());
    }
    int64_t dead = 0, all = 0;
    for (std::size_t view = 0; view < loss_->views(); ++view) {
        std::vector<uint8_t> tiles = loss_->covered(cloud, view, options_.render);
        dead += std::ranges::count(tiles, 0);
        all += std::ssize(tiles);
        loss_->mask(view, std::move(tiles));
    }
    summary_.masked = static_cast<double>(dead) / static_cast<double>(all);
}

void ResidualTrainer::step(int64_t iteration) {
    const bool gates = options_.gates != GateStart::Open;
    ResidualRates rates = options_.rates;
    rates.gates = gates ? rates.gates : 0;
    adam_.count_step();
    loss_->run(cloud_, order_.next(engine_), options_.render, gradient_, [&] {
        model_.backward(gradient_.attributes,
                        gates ? options_.gate_cost / static_cast<double>(model_.count()) : 0);
        adam_.move(model_.columns(rates, extent_));
        model_.decode(cloud_);
    });

    const auto views = static_cast<int64_t>(loss_->views());
    const int64_t done = iteration + 1;
    if (options_.rounds > options_.densify_round) {
        if (done > options_.observe_round * views && done <= options_.densify_round * views) {
            density_.observe(gradient_);
        }
        if (done == options_.densify_round * views) {
            multiply();
        }
    }
}

void ResidualTrainer::multiply() {
    const Regrowth rows = density_.run(
        cloud_, extent_, options_.gate_latents ? model_.open_gates() : std::vector<uint8_t>());
    lineage_.regrow(rows);
    model_.regrow(rows, cloud_, engine_());
    adam_.gather(on(device_, rows.moments), model_.per_gaussian());
    model_.decode(cloud_);
}

void ResidualTrainer::drop_new() {
    const int64_t old = lineage_.survivors(), count = lineage_.count();
    if (old == count) {
        return;
    }
    synchronize(device_, loss_->stream());
    const Tensor opacities = cloud_.opacities.slice(old, count).to(Device::Cpu);
    const double faintest = logit(options_.density.min_opacity);
    std::vector<int32_t> rows(static_cast<std::size_t>(old));
    std::iota(rows.begin(), rows.end(), 0);
    for (int64_t i = 0; i < count - old; ++i) {
        if (static_cast<double>(opacities.data<float>()[i]) >= faintest) {
            rows.push_back(static_cast<int32_t>(old + i));
        }
    }
    lineage_.keep(rows);
    model_.keep(rows);
}

Residual ResidualTrainer::finish() {
    drop_new();
    Residual residual = model_.finish();
    lineage_.describe(residual);
    state_ = advance(state_, residual, loss_->stream());
    synchronize(device_, loss_->stream());
    summary_.gaussians = state_.count();
    summary_.removed = std::ssize(residual.removed);
    summary_.added = std::ssize(residual.clones) + std::ssize(residual.splits);
    summary_.active = std::ranges::count(model_.open_gates(), 1);
    return residual;
}

}  // namespace longtake::gaussians
