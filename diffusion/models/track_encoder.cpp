#include "diffusion/models/track_encoder.h"

#include "core/error.h"

#include <algorithm>
#include <cmath>

namespace longtake::diffusion {
namespace {

constexpr const char* kTemporal = "track_encoder.temporal.weight";
constexpr const char* kSpeed = "track_encoder.speed.weight";
constexpr const char* kMix = "track_encoder.mix.weight";
constexpr const char* kWanTemporal = "track_encoder.temporal_conv.weight";
constexpr const char* kWanMix = "track_encoder.proj.weight";
constexpr const char* kWanTemporalBias = "track_encoder.temporal_conv.bias";
constexpr const char* kWanMixBias = "track_encoder.proj.bias";
constexpr int64_t kIds = 100'000;  // that are told apart
constexpr double kLongestPeriod = 10'000;

// Ids that follow each other are far apart, as those seen in training.
double spread(int32_t id) {
    return static_cast<double>(static_cast<uint64_t>(static_cast<uint32_t>(id)) * 61'803 % kIds);
}

}  // namespace

TrackEncoder::Between TrackEncoder::between(float place, int64_t count) const {
    const float at = std::clamp(place, 0.F, 1.F) * static_cast<float>(count - 1);
    const float there = layout_ == Layout::WanTrack ? std::nearbyint(at) : at;
    const auto cell = std::min(static_cast<int64_t>(there), std::max<int64_t>(0, count - 2));
    return {cell, there - static_cast<float>(cell)};
}

bool TrackEncoder::is_in(const WeightMap& weights) {
    return weights.contains(kTemporal) || weights.contains(kWanTemporal);
}

TrackEncoder::TrackEncoder(const WeightMap& weights)
    : layout_(weights.contains(kTemporal) ? Layout::Ours : Layout::WanTrack) {
    const bool ours = layout_ == Layout::Ours;
    const char* temporal = ours ? kTemporal : kWanTemporal;
    channels_ = weights.info(temporal).shape[0];
    taps_ = mixed(weights, temporal, ours ? kMix : kWanMix);
    id_dim_ = taps_.extent(2);
    if (ours && weights.contains(kSpeed)) {
        speed_ = mixed(weights, kSpeed, kMix);
        check_input(speed_.extent(2) == 2, "{}: {} has {} inputs, not 2", weights.path().string(),
                    kSpeed, speed_.extent(2));
    }
    if (weights.contains(kWanMixBias)) {
        const Tensor mix = weights.get(kWanMix, {channels_, channels_, 1, 1, 1}).to(DType::F32);
        const Tensor inner = weights.get(kWanTemporalBias, {channels_}).to(DType::F32);
        const Tensor outer = weights.get(kWanMixBias, {channels_}).to(DType::F32);
        for (int64_t c = 0; c < channels_; ++c) {
            bias_.push_back(outer.data<float>()[c]);
            for (int64_t k = 0; k < channels_; ++k) {
                bias_.back() += mix.data<float>()[c * channels_ + k] * inner.data<float>()[k];
            }
        }
    }
}

Tensor TrackEncoder::mixed(const WeightMap& weights, const char* temporal_name,
                           const char* mix_name) const {
    const Shape shape = weights.info(temporal_name).shape;
    check_input(shape.rank() == 5 && shape[2] == kTaps && shape[3] == 1 && shape[4] == 1 &&
                    shape[1] % 2 == 0 && shape[0] == channels_ && shape[0] > 0 && shape[1] > 0,
                "{}: {} is {}, not [channels, inputs, 4, 1, 1]", weights.path().string(),
                temporal_name, shape.str());
    const int64_t inputs = shape[1];
    const Tensor temporal = weights.get(temporal_name, shape).to(DType::F32);
    const Tensor mix = weights.get(mix_name, {channels_, channels_, 1, 1, 1}).to(DType::F32);
    Tensor taps = Tensor::zeros({kTaps, channels_, inputs});
    float* to = taps.data<float>();
    for (int64_t tap = 0; tap < kTaps; ++tap) {
        for (int64_t c = 0; c < channels_; ++c) {
            for (int64_t k = 0; k < channels_; ++k) {
                const float m = mix.data<float>()[c * channels_ + k];
                for (int64_t i = 0; i < inputs; ++i) {
                    to[(tap * channels_ + c) * inputs + i] +=
                        m * temporal.data<float>()[(k * inputs + i) * kTaps + tap];
                }
            }
        }
    }
    return taps;
}

TrackEncoder::Speeds TrackEncoder::speeds(std::span<const std::vector<TrackedPoint>> frames,
                                          int64_t h, int64_t w) {
    struct Shown {
        size_t frame;
        TrackedPoint point;
    };
    std::map<int32_t, Shown> first;
    Speeds speeds;
    for (size_t t = 0; t < frames.size(); ++t) {
        for (const TrackedPoint& point : frames[t]) {
            const auto [begin, fresh] = first.try_emplace(point.id, Shown{t, point});
            if (!fresh) {
                const float scale =
                    static_cast<float>(kTaps) / static_cast<float>(t - begin->second.frame);
                speeds[point.id] = {
                    (point.x - begin->second.point.x) * static_cast<float>(w - 1) * scale,
                    (point.y - begin->second.point.y) * static_cast<float>(h - 1) * scale};
            }
        }
    }
    return speeds;
}

std::vector<float> TrackEncoder::embedded(int32_t id) const {
    const int64_t half = id_dim_ / 2;
    std::vector<float> waves(static_cast<size_t>(id_dim_));
    for (int64_t i = 0; i < half; ++i) {
        const double number = layout_ == Layout::Ours ? spread(id) : static_cast<double>(id);
        const double angle = number * std::exp(-std::log(kLongestPeriod) * static_cast<double>(i) /
                                               static_cast<double>(half));
        waves[static_cast<size_t>(i)] = static_cast<float>(std::cos(angle));
        waves[static_cast<size_t>(half + i)] = static_cast<float>(std::sin(angle));
    }
    std::vector<float> result(static_cast<size_t>(kTaps * channels_));
    for (int64_t row = 0; row < kTaps * channels_; ++row) {
        const float* weights = taps_.data<float>() + row * id_dim_;
        float sum = 0;
        for (int64_t i = 0; i < id_dim_; ++i) {
            sum += weights[i] * waves[static_cast<size_t>(i)];
        }
        result[static_cast<size_t>(row)] = sum;
    }
    return result;
}

void TrackEncoder::encode(std::span<const std::vector<TrackedPoint>> frames, Tensor& map) const {
    check(map.shape().rank() == 4 && map.extent(1) == channels_ && map.dtype() == DType::F32,
          "tracks into {} of {} channels", map.shape().str(), channels_);
    const int64_t latents = map.extent(0), h = map.extent(2), w = map.extent(3);
    const int64_t lead = kTaps * latents - std::ssize(frames);
    check(lead == 0 || lead == kTaps - 1, "tracks of {} frames for {} latents", frames.size(),
          latents);
    std::ranges::fill(map.values<float>(), 0.F);
    for (int64_t i = 0; i < map.count() && !bias_.empty(); ++i) {
        map.data<float>()[i] = bias_[static_cast<size_t>(i / (h * w) % channels_)];
    }
    std::map<int32_t, std::vector<float>> known;
    std::vector<float> value(static_cast<size_t>(channels_));
    Speeds moving;
    for (int64_t t = 0; t < std::ssize(frames); ++t) {
        const int64_t latent = (t + lead) / kTaps, tap = (t + lead) % kTaps;
        float* cells = map.data<float>() + latent * channels_ * h * w;
        if (!speed_.empty() && (t == 0 || tap == 0)) {
            moving = speeds(
                frames.subspan(static_cast<size_t>(t), static_cast<size_t>(kTaps - tap)), h, w);
        }
        for (const TrackedPoint& point : frames[static_cast<size_t>(t)]) {
            auto& all = known[point.id];
            if (all.empty()) {
                all = embedded(point.id);
            }
            std::copy_n(all.data() + tap * channels_, channels_, value.data());
            if (const auto at = moving.find(point.id); at != moving.end()) {
                const float* turn = speed_.data<float>() + tap * channels_ * 2;
                for (int64_t c = 0; c < channels_; ++c) {
                    value[static_cast<size_t>(c)] +=
                        turn[2 * c] * at->second[0] + turn[2 * c + 1] * at->second[1];
                }
            }
            const float* embedding = value.data();
            const Between x = between(point.x, w), y = between(point.y, h);
            for (int64_t c = 0; c < channels_; ++c) {
                float* row = cells + (c * h + y.cell) * w + x.cell;
                const float upper = embedding[c] * (1 - y.part), lower = embedding[c] * y.part;
                row[0] += upper * (1 - x.part);
                if (w > 1) {
                    row[1] += upper * x.part;
                }
                if (h > 1) {
                    row[w] += lower * (1 - x.part);
                    if (w > 1) {
                        row[w + 1] += lower * x.part;
                    }
                }
            }
        }
    }
}

}  // namespace longtake::diffusion
