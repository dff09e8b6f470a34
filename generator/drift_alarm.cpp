#include "generator/drift_alarm.h"

#include "core/error.h"
#include "core/file.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace longtake::generator {
namespace {

constexpr double kLeast = 1e-6;
constexpr double kLeastChunks = 3;  // that it takes to ring: one that flashes by is not drift

}  // namespace

void latent_features(const Tensor& latents, std::span<float> features) {
    const int64_t frames = latents.extent(0), channels = latents.extent(1);
    const int64_t pixels = latents.extent(2) * latents.extent(3);
    check(std::ssize(features) == 2 * channels, "{} features of {} channels", features.size(),
          channels);
    for (int64_t c = 0; c < channels; ++c) {
        double sum = 0, squares = 0;
        for (int64_t f = 0; f < frames; ++f) {
            const float* x = latents.data<float>() + (f * channels + c) * pixels;
            for (int64_t i = 0; i < pixels; ++i) {
                sum += double{x[i]};
                squares += double{x[i]} * double{x[i]};
            }
        }
        const auto count = static_cast<double>(frames * pixels);
        const double mean = sum / count;
        features[static_cast<size_t>(c)] = static_cast<float>(mean);
        features[static_cast<size_t>(channels + c)] =
            static_cast<float>(0.5 * std::log(std::max(kLeast, squares / count - mean * mean)));
    }
}

double log_distance(std::span<const float> features, std::span<const float> reference,
                    std::span<const float> spread) {
    double sum = 0;
    for (size_t i = 0; i < features.size(); ++i) {
        const double z = double{features[i] - reference[i]} / spread[i];
        sum += z * z;
    }
    return std::log(std::sqrt(sum / static_cast<double>(features.size())) + kLeast);
}

StillTakes StillTakes::read(const std::filesystem::path& path, int64_t channels) {
    StillTakes still;
    try {
        const auto json = nlohmann::json::parse(read_text(path));
        json.at("spread").get_to(still.spread);
        json.at("mean").get_to(still.mean);
        json.at("deviation").get_to(still.deviation);
        json.at("correlation").get_to(still.correlation);
    } catch (const nlohmann::json::exception& e) {
        fail_input("{}: not what `longtake calibrate` writes: {}", path.string(), e.what());
    }
    check_input(std::ssize(still.spread) == 2 * channels,
                "{}: it is of a model of {} latent channels, this one has {}; run `longtake "
                "calibrate` on it",
                path.string(), still.spread.size() / 2, channels);
    const bool sound =
        still.deviation > 0 && std::isfinite(still.deviation) && std::isfinite(still.mean) &&
        std::abs(still.correlation) < 1 &&
        std::ranges::all_of(still.spread, [](float s) { return s > 0 && std::isfinite(s); });
    check_input(sound, "{}: spreads and deviation must be positive, the correlation below 1",
                path.string());
    return still;
}

void StillTakes::write(const std::filesystem::path& path) const {
    const auto rounded = [](double v) { return std::round(v * 1e5) / 1e5; };
    nlohmann::json spreads = nlohmann::json::array();
    for (const float s : spread) {
        spreads.push_back(rounded(double{s}));
    }
    const nlohmann::ordered_json json{{"spread", spreads},
                                      {"mean", rounded(mean)},
                                      {"deviation", rounded(deviation)},
                                      {"correlation", rounded(correlation)}};
    AtomicFile file(path);
    file.write(json.dump(1) + "\n");
    file.commit();
}

DriftAlarm::DriftAlarm(StillTakes still, const DriftOptions& options)
    : still_(std::move(still)),
      drift_(std::log(options.times)),
      alarm_(std::log((1 - options.beta) / options.alpha)),
      calm_(std::log(options.beta / (1 - options.alpha))) {
    check_input(options.alpha > 0 && options.beta > 0 && options.alpha + options.beta < 1,
                "drift: alpha {} and beta {} must be above 0, and together below 1", options.alpha,
                options.beta);
    check_input(options.times > 1, "drift: {} times as far must be more than 1", options.times);
    restart();
}

void DriftAlarm::restart() {
    reference_.assign(still_.spread.size(), 0.F);
    chunks_ = 0;
    usual_ = 0;
    last_.reset();
    ratio_ = distance_ = 0;
    state_ = State::Learning;
}

bool DriftAlarm::add(std::span<const float> features) {
    check(features.size() == still_.spread.size(), "{} features for {}", features.size(),
          still_.spread.size());
    using Take = StillTakes;
    const int64_t chunk = chunks_++;
    if (chunk < Take::kSkipped + Take::kReference) {
        for (size_t i = 0; chunk >= Take::kSkipped && i < reference_.size(); ++i) {
            reference_[i] += features[i] / static_cast<float>(Take::kReference);
        }
        return false;
    }
    const double distance = log_distance(features, reference_, still_.spread);
    if (chunk < Take::kFirst) {
        usual_ += distance / Take::kUsual;
        state_ = chunk + 1 == Take::kFirst ? State::Still : State::Learning;
        return false;
    }
    const double u = distance - usual_ - still_.mean;
    distance_ = std::exp(u);
    // What is new in u, given the chunk before: of still takes N(0, variance), else N(shift,
    // variance).
    const double phi = last_ ? still_.correlation : 0;
    const double variance = still_.deviation * still_.deviation * (1 - phi * phi);
    const double fresh = u - phi * last_.value_or(0), shift = (1 - phi) * drift_;
    ratio_ += std::min(shift / variance * (fresh - shift / 2), alarm_ / kLeastChunks);
    last_ = u;
    const bool alarm = ratio_ >= alarm_;
    if (alarm || ratio_ <= calm_) {
        state_ = alarm ? State::Drifted : State::Still;
        ratio_ = 0;
    }
    return alarm;
}

double DriftAlarm::evidence() const {
    return ratio_ / (ratio_ > 0 ? alarm_ : -calm_);
}

}  // namespace longtake::generator
