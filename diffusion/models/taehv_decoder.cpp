#include "core/error.h"
#include "diffusion/models/taehv.h"
#include "diffusion/models/taehv_fold.h"
#include "diffusion/ops/pixels.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace longtake::diffusion {
namespace {

constexpr int64_t kWarmUp = 3;  // frames of latent 0 that do not belong to the stream
constexpr std::array<int64_t, 3> kGrow{1, 2, 2};              // frames out of one, per level
constexpr std::array<int64_t, 4> kLevelFrames{1, 1, 2, 4};    // per latent
constexpr int kUpIndex = 7, kLevelStep = 6, kFirstStack = 3;  // in the file's numbering

}  // namespace

TaehvState::TaehvState(std::shared_ptr<const TaehvDecoder> decoder, int64_t height, int64_t width)
    : decoder_(std::move(decoder)), workspace_(decoder_->device_, true) {
    check(height > 0 && width > 0, "taehv: no latents of size {} x {}", height, width);
    const TaehvDecoder& d = *decoder_;
    first_ = d.first_.plan(1, height, width);
    latent_ = Tensor(first_->input(), d.compute_, d.device_);
    for (size_t level = 0; level < d.stacks_.size(); ++level) {
        stacks_.emplace_back(d.stacks_[level], kLevelFrames[level], height << level,
                             width << level);
        ups_.emplace_back(d.ups_[level], height << level, width << level);
        std::ranges::copy(stacks_.back().windows(), std::back_inserter(windows_));
    }
    last_ = d.last_.plan(kGrow.back(), height * kLatentScale, width * kLatentScale);
    fine_ = Tensor(last_->input(), d.compute_, d.device_);
    squares_ = Tensor(last_->output(), DType::F32, d.device_);
}

int64_t TaehvState::frames(int64_t latents) const {
    return kLatentFrames * latents - (latents_ == 0 && latents > 0 ? kWarmUp : 0);
}

void TaehvState::reset() {
    workspace_.synchronize();
    latents_ = 0;
    for (FrameWindow* window : windows_) {
        window->clear();
    }
}

TaehvSnapshot TaehvState::snapshot() const {
    workspace_.synchronize();
    TaehvSnapshot snapshot{.latents = latents_, .past = {}};
    for (const FrameWindow* window : windows_) {
        snapshot.past.push_back(window->past());
    }
    return snapshot;
}

void TaehvState::restore(const TaehvSnapshot& snapshot) {
    workspace_.synchronize();
    check(snapshot.past.size() == windows_.size(), "taehv: a snapshot of {} tensors, not {}",
          snapshot.past.size(), windows_.size());
    latents_ = snapshot.latents;
    for (size_t i = 0; i < windows_.size(); ++i) {
        windows_[i]->restore(snapshot.past[i]);
    }
}

TaehvDecoder::TaehvDecoder(const TaehvConfig& config, const WeightMap& weights, DType compute,
                           Device device)
    : config_(config),
      compute_(compute),
      device_(device),
      scale_(config.latents_mean, config.latents_std, device) {
    const auto& channels = config.decoder_channels;
    const int64_t in = config.latent_channels;
    first_ = Conv2d(weights.get("decoder.1.weight", {channels[0], in, 3, 3}),
                    weights.get("decoder.1.bias", {channels[0]}), {.relu = true}, compute, device);
    for (int level = 0; level < 3; ++level) {
        stacks_.emplace_back(weights, "decoder.", kFirstStack + kLevelStep * level, channels[level],
                             compute, device);
        ups_.emplace_back(weights, "decoder.", kUpIndex + kLevelStep * level, channels[level],
                          channels[level + 1], kGrow[level], level == 2, compute, device);
    }
    const Tensor bias = weights.get("decoder.22.bias", {3}).to(DType::F32);
    Tensor square_bias({12}, DType::F32);
    for (int64_t i = 0; i < 12; ++i) {
        square_bias.data<float>()[i] = bias.data<float>()[i % 3];
    }
    const Tensor colours = weights.get("decoder.22.weight", {3, channels[3], 3, 3});
    last_ = Conv2d(square_kernel(colours.to(DType::F32)), square_bias,
                   {.stride = 2, .fp32_result = true}, compute, device);
}

void TaehvDecoder::decode(const Tensor& latents, TaehvState& state, Tensor& frames) const {
    check(state.decoder_.get() == this, "taehv: the state belongs to another decoder");
    const Shape& size = state.latent_.shape();
    const Shape wanted{latents.shape().rank() == 4 ? latents.extent(0) : 0, config_.latent_channels,
                       size[1], size[2]};
    check(latents.shape() == wanted && latents.dtype() == DType::F32,
          "taehv: latents {} {} for a stream of {}", name_of(latents.dtype()),
          latents.shape().str(), wanted.str());
    const Shape shape{state.frames(latents.extent(0)), size[1] * kLatentScale,
                      size[2] * kLatentScale, 3};
    if (frames.empty()) {
        frames = Tensor(shape, DType::U8, device_);
    }
    check(frames.shape() == shape && (frames.dtype() == DType::U8 || frames.dtype() == DType::F32),
          "taehv: frames {} {} for {}", name_of(frames.dtype()), frames.shape().str(), shape.str());
    int64_t at = 0;
    for (int64_t i = 0; i < latents.extent(0); ++i) {
        const int64_t made = state.frames(1);
        decode_one(latents.slice(i, i + 1), state, frames, at);
        ++state.latents_;
        at += made;
    }
}

void TaehvDecoder::decode_one(const Tensor& latent, TaehvState& state, Tensor& frames,
                              int64_t at) const {
    Workspace& workspace = state.workspace_;
    latent_to_pixels(latent, scale_, true, state.latent_, workspace.stream());
    Tensor first = state.stacks_[0].input();
    (*state.first_)(state.latent_, first, workspace);
    for (size_t level = 0; level < 3; ++level) {
        state.stacks_[level].run(workspace);
        const int64_t grow = kGrow[level];
        for (int64_t t = 0; t < kLevelFrames[level]; ++t) {
            const Tensor small = state.stacks_[level].output().slice(t, t + 1);
            if (level < 2) {
                Tensor large = state.stacks_[level + 1].input().slice(t * grow, (t + 1) * grow);
                state.ups_[level].run(small, large, workspace);
                continue;
            }
            const int64_t skip = kLatentFrames - state.frames(1);  // all but the last, at the start
            if ((t + 1) * grow <= skip) {
                continue;
            }
            state.ups_[level].run(small, state.fine_, workspace);
            (*state.last_)(state.fine_, state.squares_, workspace);
            for (int64_t g = std::max<int64_t>(skip - t * grow, 0); g < grow; ++g, ++at) {
                Tensor frame = frames.slice(at, at + 1);
                pixels_to_frames(state.squares_.slice(g, g + 1), false, frame, workspace.stream());
            }
        }
    }
}

// Every block of a stack sees one frame before its own.
int64_t TaehvDecoder::reach() {
    double latents = 0;
    for (size_t level = 0; level < 3; ++level) {
        latents +=
            static_cast<double>(MemoryStack::kBlocks) / static_cast<double>(kLevelFrames[level]);
    }
    return static_cast<int64_t>(std::ceil(latents));
}

double TaehvDecoder::flops(int64_t height, int64_t width) const {
    double total = first_.flops(1, height, width) +
                   kLatentFrames * last_.flops(1, height * kLatentScale, width * kLatentScale);
    for (size_t level = 0; level < 3; ++level) {
        const int64_t h = height << level, w = width << level, t = kLevelFrames[level];
        total += stacks_[level].flops(t, h, w) + static_cast<double>(t) * ups_[level].flops(h, w);
    }
    return total;
}

}  // namespace longtake::diffusion
