#include "diffusion/models/wan_vae_layers.h"

#include "core/error.h"
#include "core/parallel.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>

namespace longtake::diffusion {
namespace {

Tensor concatenated(const Tensor& past, const Tensor& x) {
    Tensor whole(x.shape().with(0, past.extent(0) + x.extent(0)), DType::F32);
    std::memcpy(whole.raw(), past.raw(), past.bytes());
    std::memcpy(whole.slice(past.extent(0), whole.extent(0)).raw(), x.raw(), x.bytes());
    return whole;
}

void keep_last(Tensor& past, const Tensor& x) {
    const Tensor last = x.slice(x.extent(0) - past.extent(0), x.extent(0));
    std::memcpy(past.raw(), last.raw(), last.bytes());
}

// [T, H, W, 2 C] -> [2 T, H, W, C]: the channels' halves are frames one after the other.
Tensor halves_to_frames(const Tensor& x) {
    const int64_t pixels = x.extent(1) * x.extent(2), channels = x.extent(3) / 2;
    Tensor y({2 * x.extent(0), x.extent(1), x.extent(2), channels}, DType::F32);
    parallel_for(y.extent(0), [&](int64_t t) {
        for (int64_t p = 0; p < pixels; ++p) {
            std::copy_n(x.data<float>() + ((t / 2 * pixels + p) * 2 + t % 2) * channels, channels,
                        y.data<float>() + (t * pixels + p) * channels);
        }
    });
    return y;
}

Tensor twice_as_large(const Tensor& x) {
    const int64_t h = x.extent(1), w = x.extent(2), channels = x.extent(3);
    Tensor y({x.extent(0), 2 * h, 2 * w, channels}, DType::F32);
    parallel_for(x.extent(0) * 2 * h, [&](int64_t row) {  // of y, over all frames
        const float* from = x.data<float>() + row / 2 * w * channels;
        for (int64_t i = 0; i < 2 * w; ++i) {
            std::copy_n(from + i / 2 * channels, channels,
                        y.data<float>() + (row * 2 * w + i) * channels);
        }
    });
    return y;
}

// softmax(q k / sqrt(C)) v of one query over all pixels of its frame, qkv [pixels, 3 C].
void attend_one(const float* qkv, int64_t pixels, int64_t channels, int64_t query,
                std::vector<float>& weights, float* out) {
    const float* q = qkv + query * 3 * channels;
    const float scale = 1.F / std::sqrt(static_cast<float>(channels));
    float largest = -INFINITY, total = 0;
    for (int64_t j = 0; j < pixels; ++j) {
        const float* k = qkv + (j * 3 + 1) * channels;
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t c = 0; c < channels; ++c) {
            sum += q[c] * k[c];
        }
        weights[j] = sum * scale;
        largest = std::max(largest, weights[j]);
    }
    for (float& weight : weights) {
        weight = std::exp(weight - largest);
        total += weight;
    }
    std::fill_n(out, channels, 0.F);
    for (int64_t j = 0; j < pixels; ++j) {
        const float* v = qkv + (j * 3 + 2) * channels;
        const float share = weights[j] / total;
        for (int64_t c = 0; c < channels; ++c) {
            out[c] += share * v[c];
        }
    }
}

}  // namespace

void WanVaeStream::reset() {
    latents_ = 0;
    layer_ = 0;
    pasts_.clear();
}

WanVaeStream::Snapshot WanVaeStream::snapshot() const {
    Snapshot copy{latents_, {}};
    std::ranges::transform(pasts_, std::back_inserter(copy.pasts), &Tensor::clone);
    return copy;
}

void WanVaeStream::restore(const Snapshot& snapshot) {
    latents_ = snapshot.latents;
    layer_ = 0;
    pasts_.clear();
    std::ranges::transform(snapshot.pasts, std::back_inserter(pasts_), &Tensor::clone);
}

Tensor& WanVaeStream::past(int64_t frames, const Tensor& like) {
    if (layer_ == pasts_.size()) {
        pasts_.push_back(Tensor::zeros(like.shape().with(0, frames)));
    }
    Tensor& past = pasts_[layer_++];
    check(past.shape() == like.shape().with(0, frames), "wan vae: frames {} in a stream of {}",
          like.shape().str(), past.shape().str());
    return past;
}

void WanVaeStream::next_latent() {
    ++latents_;
    layer_ = 0;
}

Tensor convolve(const Conv2d& conv, const Tensor& x, WanVaeStream& stream, const Tensor* residual) {
    auto& plan = stream.plans_[{&conv, x.extent(0), x.extent(1), x.extent(2)}];
    if (plan == nullptr) {
        plan = conv.plan(x.extent(0), x.extent(1), x.extent(2));
    }
    Tensor y(plan->output(), DType::F32);
    if (residual == nullptr) {
        (*plan)(x, y, stream.workspace_);
    } else {
        (*plan)(x, *residual, y, stream.workspace_);
    }
    return y;
}

Tensor wan_vae_gain(const WeightMap& weights, const std::string& name, int64_t channels,
                    size_t rank) {
    std::vector<int64_t> extents(rank, 1);
    extents[0] = channels;
    return weights.get(name + ".gamma", Shape(extents)).to(DType::F32).reshape({channels});
}

Tensor norm_silu(const Tensor& x, const Tensor& gain, bool silu) {
    const int64_t channels = gain.count();
    const float scale = std::sqrt(static_cast<float>(channels));
    Tensor y(x.shape(), DType::F32);
    parallel_for(x.count() / channels, [&](int64_t pixel) {
        const float* from = x.data<float>() + pixel * channels;
        float* to = y.data<float>() + pixel * channels;
        float squares = 0;
        for (int64_t c = 0; c < channels; ++c) {
            squares += from[c] * from[c];
        }
        const float factor = scale / std::max(std::sqrt(squares), 1e-12F);
        for (int64_t c = 0; c < channels; ++c) {
            const float value = from[c] * factor * gain.data<float>()[c];
            to[c] = silu ? value / (1.F + std::exp(-value)) : value;
        }
    });
    return y;
}

Conv2d pointwise(const WeightMap& weights, const std::string& name, int64_t in, int64_t out,
                 size_t rank) {
    std::vector<int64_t> extents(rank, 1);
    extents[0] = out;
    extents[1] = in;
    return {weights.get(name + ".weight", Shape(extents)).reshape({out, in, 1, 1}),
            weights.get(name + ".bias", {out}),
            {.padding = {0, 0, 0, 0}},
            DType::F32};
}

WanVaeConv::WanVaeConv(const WeightMap& weights, const std::string& name, int64_t in, int64_t out,
                       int64_t size, bool residual) {
    const int64_t pad = size / 2;
    conv_ = Conv2d(weights.get(name + ".weight", {out, in, 3, size, size}),
                   weights.get(name + ".bias", {out}),
                   {.padding = {pad, pad, pad, pad}, .residual = residual}, DType::F32);
}

Tensor WanVaeConv::operator()(const Tensor& x, WanVaeStream& stream, const Tensor* residual) const {
    Tensor& past = stream.past(2, x);
    const Tensor window = concatenated(past, x);
    keep_last(past, window);
    return convolve(conv_, window, stream, residual);
}

WanVaeResidual::WanVaeResidual(const WeightMap& weights, const std::string& name, int64_t in,
                               int64_t out)
    : norm1_(wan_vae_gain(weights, name + ".norm1", in)),
      norm2_(wan_vae_gain(weights, name + ".norm2", out)),
      conv1_(weights, name + ".conv1", in, out),
      conv2_(weights, name + ".conv2", out, out, 3, true),
      widens_(in != out) {
    if (widens_) {
        shortcut_ = pointwise(weights, name + ".conv_shortcut", in, out);
    }
}

Tensor WanVaeResidual::operator()(const Tensor& x, WanVaeStream& stream) const {
    const Tensor straight = widens_ ? convolve(shortcut_, x, stream) : x;
    const Tensor middle = conv1_(norm_silu(x, norm1_), stream);
    return conv2_(norm_silu(middle, norm2_), stream, &straight);
}

WanVaeMiddle::WanVaeMiddle(const WeightMap& weights, const std::string& name, int64_t channels)
    : norm_(wan_vae_gain(weights, name + ".attentions.0.norm", channels, 3)),
      qkv_(pointwise(weights, name + ".attentions.0.to_qkv", channels, 3 * channels, 4)),
      out_(pointwise(weights, name + ".attentions.0.proj", channels, channels, 4)) {
    for (const char* block : {".resnets.0", ".resnets.1"}) {
        residuals_.emplace_back(weights, name + block, channels, channels);
    }
}

Tensor WanVaeMiddle::operator()(const Tensor& x, WanVaeStream& stream) const {
    return residuals_[1](attend(residuals_[0](x, stream), stream), stream);
}

Tensor WanVaeMiddle::attend(const Tensor& x, WanVaeStream& stream) const {
    const Tensor qkv = convolve(qkv_, norm_silu(x, norm_, false), stream);
    const int64_t pixels = x.extent(1) * x.extent(2), channels = x.extent(3);
    Tensor mixed(x.shape(), DType::F32);
    parallel_for(x.extent(0) * pixels, [&](int64_t i) {
        std::vector<float> weights(static_cast<size_t>(pixels));
        attend_one(qkv.data<float>() + i / pixels * pixels * 3 * channels, pixels, channels,
                   i % pixels, weights, mixed.data<float>() + i * channels);
    });
    Tensor y = convolve(out_, mixed, stream);
    for (int64_t i = 0; i < y.count(); ++i) {
        y.data<float>()[i] += x.data<float>()[i];
    }
    return y;
}

WanVaeUp::WanVaeUp(const WeightMap& weights, const std::string& name, int64_t channels, bool time)
    : time_(time),
      conv_(weights.get(name + ".resample.1.weight", {channels / 2, channels, 3, 3}),
            weights.get(name + ".resample.1.bias", {channels / 2}), {}, DType::F32) {
    if (time) {
        time_conv_ = WanVaeConv(weights, name + ".time_conv", channels, 2 * channels, 1);
    }
}

Tensor WanVaeUp::operator()(const Tensor& x, WanVaeStream& stream) const {
    if (!time_) {
        return convolve(conv_, twice_as_large(x), stream);
    }
    if (stream.latents_ == 0) {
        stream.past(2, x);  // stays zero
        return convolve(conv_, twice_as_large(x), stream);
    }
    return convolve(conv_, twice_as_large(halves_to_frames(time_conv_(x, stream))), stream);
}

WanVaeDown::WanVaeDown(const WeightMap& weights, const std::string& name, int64_t channels,
                       bool time)
    : time_(time),
      conv_(weights.get(name + ".resample.1.weight", {channels, channels, 3, 3}),
            weights.get(name + ".resample.1.bias", {channels}),
            {.stride = 2, .padding = {0, 0, 1, 1}}, DType::F32) {
    if (time) {
        time_conv_ = Conv2d(weights.get(name + ".time_conv.weight", {channels, channels, 3, 1, 1}),
                            weights.get(name + ".time_conv.bias", {channels}),
                            {.time_stride = 2, .padding = {0, 0, 0, 0}}, DType::F32);
    }
}

Tensor WanVaeDown::operator()(const Tensor& x, WanVaeStream& stream) const {
    const Tensor small = convolve(conv_, x, stream);
    if (!time_) {
        return small;
    }
    Tensor& past = stream.past(1, small);
    const Tensor window = stream.latents_ == 0 ? small : concatenated(past, small);
    keep_last(past, small);
    return stream.latents_ == 0 ? window : convolve(time_conv_, window, stream);
}

}  // namespace longtake::diffusion
