#include "core/error.h"
#include "diffusion/models/latent_grid.h"
#include "diffusion/models/taehv.h"
#include "diffusion/ops/pixels.h"

#include <algorithm>
#include <iterator>

namespace longtake::diffusion {
namespace {

constexpr std::array<int64_t, 3> kShrink{2, 2, 1};              // frames into one, per level
constexpr std::array<int64_t, 3> kLevelFrames{2, 1, 1};         // per latent, after shrinking
constexpr int kDownIndex = 2, kLevelStep = 5, kFirstStack = 4;  // in the file's numbering

}  // namespace

TaehvEncoderState::TaehvEncoderState(std::shared_ptr<const TaehvEncoder> encoder, int64_t height,
                                     int64_t width)
    : encoder_(std::move(encoder)), workspace_(encoder_->device_) {
    check_input(height > 0 && width > 0 && height % kLatentScale == 0 && width % kLatentScale == 0,
                "frames of {} x {} cannot be encoded: height and width must be multiples of {}",
                height, width, kLatentScale);
    const TaehvEncoder& e = *encoder_;
    first_ = e.first_.plan(kShrink[0], height, width);
    pair_ = Tensor(first_->input(), e.compute_, e.device_);
    wide_ = Tensor(first_->output(), e.compute_, e.device_);
    for (size_t level = 0; level < e.stacks_.size(); ++level) {
        downs_.push_back(e.downs_[level].plan(kShrink[level], height >> level, width >> level));
        stacks_.emplace_back(e.stacks_[level], kLevelFrames[level], height >> (level + 1),
                             width >> (level + 1));
        std::ranges::copy(stacks_.back().windows(), std::back_inserter(windows_));
    }
    last_ = e.last_.plan(1, height / kLatentScale, width / kLatentScale);
    latent_ = Tensor(last_->output(), DType::F32, e.device_);
}

void TaehvEncoderState::reset() {
    workspace_.synchronize();
    latents_ = 0;
    for (FrameWindow* window : windows_) {
        window->clear();
    }
}

TaehvEncoder::TaehvEncoder(const TaehvConfig& config, const WeightMap& weights, DType compute,
                           Device device)
    : config_(config),
      compute_(compute),
      device_(device),
      scale_(config.latents_mean, config.latents_std, device) {
    const auto& channels = config.encoder_channels;
    const int64_t out = config.latent_channels;
    first_ = Conv2d(weights.get("encoder.0.weight", {channels[0], 3, 3, 3}),
                    weights.get("encoder.0.bias", {channels[0]}), {.relu = true}, compute, device);
    for (int level = 0; level < 3; ++level) {
        downs_.push_back(make_down_block(weights, "encoder.", kDownIndex + kLevelStep * level,
                                         channels[std::max(level - 1, 0)], channels[level],
                                         kShrink[level], compute, device));
        stacks_.emplace_back(weights, "encoder.", kFirstStack + kLevelStep * level, channels[level],
                             compute, device);
    }
    last_ = Conv2d(weights.get("encoder.17.weight", {out, channels[2], 3, 3}),
                   weights.get("encoder.17.bias", {out}), {.fp32_result = true}, compute, device);
}

void TaehvEncoder::encode(const Tensor& frames, TaehvEncoderState& state, Tensor& latents) const {
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
    make_latents({count, z[3], z[1], z[2]}, device_, latents);
    const GpuStream stream = state.workspace_.stream();
    for (int64_t n = 0; n < count; ++n) {
        for (int64_t pair = 0; pair < kLatentFrames; pair += 2) {
            for (int64_t i = 0; i < 2; ++i) {
                const int64_t at = std::max<int64_t>(n * kLatentFrames + pair + i - missing, 0);
                Tensor x = state.pair_.slice(i, i + 1);
                frames_to_pixels(frames.slice(at, at + 1), false, x, stream);
            }
            (*state.first_)(state.pair_, state.wide_, state.workspace_);
            Tensor half = state.stacks_[0].input().slice(pair / 2, pair / 2 + 1);
            (*state.downs_[0])(state.wide_, half, state.workspace_);
        }
        for (size_t level = 0; level < 3; ++level) {
            if (level > 0) {
                Tensor x = state.stacks_[level].input();
                (*state.downs_[level])(state.stacks_[level - 1].output(), x, state.workspace_);
            }
            state.stacks_[level].run(state.workspace_);
        }
        (*state.last_)(state.stacks_[2].output(), state.latent_, state.workspace_);
        Tensor latent = latents.slice(n, n + 1);
        pixels_to_latent(state.latent_, scale_, latent, stream);
        ++state.latents_;
    }
    state.workspace_.synchronize();
}

}  // namespace longtake::diffusion
