#include "core/error.h"
#include "diffusion/models/taehv.h"
#include "diffusion/models/taehv_pixels.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace longtake::diffusion {
namespace {

constexpr std::array<int64_t, 3> kShrink{2, 2, 1};              // frames into one, per level
constexpr std::array<int64_t, 3> kLevelFrames{2, 1, 1};         // per latent, after shrinking
constexpr int kDownIndex = 2, kLevelStep = 5, kFirstStack = 4;  // in the file's numbering

}  // namespace

TaehvEncoderState::TaehvEncoderState(std::shared_ptr<const TaehvEncoder> encoder, int64_t height,
                                     int64_t width)
    : encoder_(std::move(encoder)) {
    check_input(height > 0 && width > 0 && height % kLatentScale == 0 && width % kLatentScale == 0,
                "frames of {} x {} cannot be encoded: height and width must be multiples of {}",
                height, width, kLatentScale);
    const TaehvEncoder& e = *encoder_;
    first_ = e.first_.plan(kShrink[0], height, width);
    pair_ = Tensor(first_->input(), e.compute_);
    wide_ = Tensor(first_->output(), e.compute_);
    for (size_t level = 0; level < e.stacks_.size(); ++level) {
        downs_.push_back(e.downs_[level].plan(kShrink[level], height >> level, width >> level));
        stacks_.emplace_back(e.stacks_[level], kLevelFrames[level], height >> (level + 1),
                             width >> (level + 1));
        std::ranges::move(stacks_.back().past(), std::back_inserter(past_));
    }
    last_ = e.last_.plan(1, height / kLatentScale, width / kLatentScale);
    latent_ = Tensor(last_->output(), DType::F32);
}

void TaehvEncoderState::reset() {
    latents_ = 0;
    for (Tensor& past : past_) {
        std::memset(past.raw(), 0, past.bytes());
    }
}

TaehvEncoder::TaehvEncoder(const TaehvConfig& config, const WeightMap& weights, DType compute)
    : config_(config), compute_(compute) {
    const auto& channels = config.encoder_channels;
    const int64_t out = config.latent_channels;
    first_ = Conv2d(weights.get("encoder.0.weight", {channels[0], 3, 3, 3}),
                    weights.get("encoder.0.bias", {channels[0]}), {.relu = true}, compute);
    for (int level = 0; level < 3; ++level) {
        downs_.push_back(make_down_block(weights, "encoder.", kDownIndex + kLevelStep * level,
                                         channels[std::max(level - 1, 0)], channels[level],
                                         kShrink[level], compute));
        stacks_.emplace_back(weights, "encoder.", kFirstStack + kLevelStep * level, channels[level],
                             compute);
    }
    last_ = Conv2d(weights.get("encoder.17.weight", {out, channels[2], 3, 3}),
                   weights.get("encoder.17.bias", {out}), {.fp32_result = true}, compute);
}

Tensor TaehvEncoder::encode(const Tensor& frames, TaehvEncoderState& state) const {
    check(state.encoder_.get() == this, "taehv: the state belongs to another encoder");
    const Shape wanted = state.pair_.shape().with(0, frames.extent(0));
    const int64_t missing = state.latents_ == 0 ? kLatentFrames - 1 : 0;
    check(frames.shape() == wanted && frames.dtype() == DType::U8,
          "taehv: frames {} {} for a stream of {}", name_of(frames.dtype()), frames.shape().str(),
          wanted.str());
    check_input(frames.extent(0) > 0 && (frames.extent(0) + missing) % kLatentFrames == 0,
                "{} frames cannot be encoded: {} must be a multiple of {}", frames.extent(0),
                missing > 0 ? "their number less one" : "their number", kLatentFrames);
    const int64_t count = (frames.extent(0) + missing) / kLatentFrames;
    const Shape& z = state.latent_.shape();
    Tensor latents({count, z[3], z[1], z[2]}, DType::F32);
    for (int64_t n = 0; n < count; ++n) {
        for (int64_t pair = 0; pair < kLatentFrames; pair += 2) {
            for (int64_t i = 0; i < 2; ++i) {
                const int64_t at = std::max<int64_t>(n * kLatentFrames + pair + i - missing, 0);
                frame_to_encoder(frames.slice(at, at + 1), state.pair_.slice(i, i + 1));
            }
            (*state.first_)(state.pair_, state.wide_, state.workspace_);
            Tensor half = state.stacks_[0].input().slice(pair / 2, pair / 2 + 1);
            (*state.downs_[0])(state.wide_, half, state.workspace_);
        }
        for (size_t level = 0; level < 3; ++level) {
            if (level > 0) {
                (*state.downs_[level])(state.stacks_[level - 1].output(),
                                       state.stacks_[level].input(), state.workspace_);
            }
            state.stacks_[level].run(state.workspace_);
        }
        (*state.last_)(state.stacks_[2].output(), state.latent_, state.workspace_);
        encoder_to_latent(state.latent_, config_, latents.slice(n, n + 1));
        ++state.latents_;
    }
    return latents;
}

}  // namespace longtake::diffusion
