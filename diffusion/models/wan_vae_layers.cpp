#include "diffusion/models/wan_vae_layers.h"

#include "core/parallel.h"
#include "diffusion/models/taehv_fold.h"
#include "diffusion/ops/frame_attention.h"
#include "diffusion/ops/layout.h"
#include "diffusion/ops/norm_silu.h"

#include <algorithm>

namespace longtake::diffusion {
namespace {

constexpr ConvPadding kNoPadding{0, 0, 0, 0};

void twice_as_large(const Tensor& x, Tensor& y) {
    const int64_t h = x.extent(1), w = x.extent(2), channels = x.extent(3);
    parallel_for(x.extent(0) * 2 * h, [&](int64_t row) {  // of y, over all frames
        const float* from = x.data<float>() + row / 2 * w * channels;
        for (int64_t i = 0; i < 2 * w; ++i) {
            std::copy_n(from + i / 2 * channels, channels,
                        y.data<float>() + (row * 2 * w + i) * channels);
        }
    });
}

Tensor identity(int64_t channels) {
    Tensor matrix = Tensor::zeros({channels, channels});
    for (int64_t i = 0; i < channels; ++i) {
        matrix.data<float>()[i * channels + i] = 1;
    }
    return matrix;
}

}  // namespace

Tensor WanVaeSource::gain(const std::string& name, int64_t channels, size_t rank) const {
    std::vector<int64_t> extents(rank, 1);
    extents[0] = channels;
    return weights.get(name + ".gamma", Shape(extents)).to(DType::F32).reshape({channels});
}

Conv2d WanVaeSource::pointwise(const std::string& name, int64_t in, int64_t out, size_t rank,
                               bool fp32_result) const {
    std::vector<int64_t> extents(rank, 1);
    extents[0] = out;
    extents[1] = in;
    return {weights.get(name + ".weight", Shape(extents)).reshape({out, in, 1, 1}),
            weights.get(name + ".bias", {out}),
            {.padding = kNoPadding, .fp32_result = fp32_result},
            compute,
            device};
}

Tensor convolve(const Conv2d& conv, const Tensor& x, WanVaeStream& stream) {
    auto& plan = stream.plan(conv, x.extent(0), x.extent(1), x.extent(2));
    Tensor y = stream.arena().allocate(plan.output(), plan.output_type());
    plan(x, y, stream.workspace());
    return y;
}

WanVaeConv::WanVaeConv(const WanVaeSource& source, const std::string& name, int64_t in, int64_t out,
                       int64_t most, ConvOptions options, int64_t size)
    : most_(most), result_(options.fp32_result ? DType::F32 : source.compute) {
    const int64_t pad = size / 2;
    options.padding = {pad, pad, pad, pad};
    conv_ =
        Conv2d(source.weights.get(name + ".weight", {out, in, 3, size, size}),
               source.weights.get(name + ".bias", {out}), options, source.compute, source.device);
}

FrameWindow& WanVaeConv::window(const Tensor& like, WanVaeStream& stream) const {
    return stream.window(this, like.shape().with(0, 1), kPast, most_);
}

Tensor WanVaeConv::input(int64_t frames, int64_t height, int64_t width,
                         WanVaeStream& stream) const {
    return stream.window(this, {1, height, width, conv_.in()}, kPast, most_).fresh(frames);
}

Tensor WanVaeConv::operator()(const Tensor& input, WanVaeStream& stream) const {
    const Shape y = conv_.output(input.extent(0) + kPast, input.extent(1), input.extent(2));
    Tensor result = stream.arena().allocate(y, result_);
    run(input, nullptr, result, stream);
    return result;
}

void WanVaeConv::run(const Tensor& input, const Tensor* residual, Tensor& y,
                     WanVaeStream& stream) const {
    FrameWindow& seen = window(input, stream);
    auto& plan = stream.plan(conv_, input.extent(0) + kPast, input.extent(1), input.extent(2));
    plan(seen.ring(), seen.first(), residual, y, stream.workspace());
    seen.advance();
}

WanVaeResidual::WanVaeResidual(const WanVaeSource& source, const std::string& name, int64_t in,
                               int64_t out, int64_t most)
    : out_(out),
      norm1_(source.gain(name + ".norm1", in).to(source.device)),
      conv1_(source, name + ".conv1", in, out, most, {.gain = source.gain(name + ".norm2", out)}),
      conv2_(source, name + ".conv2", out, out, most, {.residual = true}),
      widens_(in != out) {
    if (widens_) {
        shortcut_ = source.pointwise(name + ".conv_shortcut", in, out);
    }
}

Tensor WanVaeResidual::operator()(const Tensor& x, WanVaeStream& stream) const {
    const int64_t frames = x.extent(0), height = x.extent(1), width = x.extent(2);
    Tensor y = stream.make({frames, height, width, out_});
    const Arena::Scope scope(stream.arena());
    const Tensor straight = widens_ ? convolve(shortcut_, x, stream) : x;
    Tensor normed = conv1_.input(frames, height, width, stream);
    norm_silu(x, norm1_, true, normed, stream.queue());
    Tensor middle = conv2_.input(frames, height, width, stream);
    conv1_.run(normed, nullptr, middle, stream);
    conv2_.run(middle, &straight, y, stream);
    return y;
}

WanVaeMiddle::WanVaeMiddle(const WanVaeSource& source, const std::string& name, int64_t channels)
    : norm_(source.gain(name + ".attentions.0.norm", channels, 3).to(source.device)),
      qkv_(source.pointwise(name + ".attentions.0.to_qkv", channels, 3 * channels, 4)) {
    const std::string out = name + ".attentions.0.proj";
    out_ = Conv2d(source.weights.get(out + ".weight", {channels, channels, 1, 1}),
                  source.weights.get(out + ".bias", {channels}),
                  {.padding = kNoPadding, .residual = true}, source.compute, source.device);
    for (const char* block : {".resnets.0", ".resnets.1"}) {
        residuals_.emplace_back(source, name + block, channels, channels, 1);
    }
}

Tensor WanVaeMiddle::operator()(const Tensor& x, WanVaeStream& stream) const {
    return residuals_[1](attend(residuals_[0](x, stream), stream), stream);
}

Tensor WanVaeMiddle::attend(const Tensor& x, WanVaeStream& stream) const {
    Tensor y = stream.make(x.shape());
    const Arena::Scope scope(stream.arena());
    Tensor normed = stream.make(x.shape()), mixed = stream.make(x.shape());
    norm_silu(x, norm_, false, normed, stream.queue());
    frame_attention(convolve(qkv_, normed, stream), mixed, stream.workspace());
    stream.plan(out_, x.extent(0), x.extent(1), x.extent(2))(mixed, x, y, stream.workspace());
    return y;
}

WanVaeUp::WanVaeUp(const WanVaeSource& source, const std::string& name, int64_t channels, bool time,
                   int64_t most)
    : channels_(channels), time_(time) {
    const Tensor weight =
        source.weights.get(name + ".resample.1.weight", {channels / 2, channels, 3, 3})
            .to(DType::F32);
    const Tensor bias = source.weights.get(name + ".resample.1.bias", {channels / 2});
    if (source.device == Device::Cpu) {
        convs_.emplace_back(weight, bias, ConvOptions{}, source.compute);
    }
    for (int corner = 0; corner < 4 && source.device != Device::Cpu; ++corner) {
        const int a = corner / 2, b = corner % 2;
        convs_.emplace_back(corner_kernel(identity(channels), weight, a, b), bias,
                            ConvOptions{.padding = {1 - a, 1 - b, a, b},
                                        .placement = {.step = 2, .row = a, .column = b}},
                            source.compute, source.device);
    }
    if (time) {
        time_conv_ = WanVaeConv(source, name + ".time_conv", channels, 2 * channels, most,
                                {.placement = {.frames = 2}}, 1);
    }
}

Tensor WanVaeUp::operator()(const Tensor& x, WanVaeStream& stream) const {
    const bool doubles = time_ && stream.latents() > 0;
    const int64_t frames = doubles ? 2 * x.extent(0) : x.extent(0);
    Tensor y = stream.make({frames, 2 * x.extent(1), 2 * x.extent(2), channels_ / 2});
    const Arena::Scope scope(stream.arena());
    Tensor small = x;
    if (doubles) {
        Tensor input = time_conv_.input(x.extent(0), x.extent(1), x.extent(2), stream);
        const int64_t pixels = x.count() / channels_;
        Tensor rows = input.reshape({pixels, 1, channels_});
        copy_columns(x.reshape({pixels, channels_}), 0, rows, stream.queue());
        small = time_conv_(input, stream);
    }
    enlarge(small, y, stream);
    return y;
}

void WanVaeUp::enlarge(const Tensor& x, Tensor& y, WanVaeStream& stream) const {
    if (stream.device() == Device::Cpu) {
        Tensor large = stream.make(y.shape().with(3, channels_));
        twice_as_large(x, large);
        stream.plan(convs_[0], y.extent(0), y.extent(1), y.extent(2))(large, y, stream.workspace());
        return;
    }
    for (const Conv2d& corner : convs_) {
        stream.plan(corner, x.extent(0), x.extent(1), x.extent(2))(x, y, stream.workspace());
    }
}

WanVaeDown::WanVaeDown(const WanVaeSource& source, const std::string& name, int64_t channels,
                       bool time, int64_t most)
    : time_(time),
      most_(most),
      conv_(source.weights.get(name + ".resample.1.weight", {channels, channels, 3, 3}),
            source.weights.get(name + ".resample.1.bias", {channels}),
            {.stride = 2, .padding = {0, 0, 1, 1}}, source.compute, source.device) {
    if (time) {
        time_conv_ =
            Conv2d(source.weights.get(name + ".time_conv.weight", {channels, channels, 3, 1, 1}),
                   source.weights.get(name + ".time_conv.bias", {channels}),
                   {.time_stride = 2, .padding = kNoPadding}, source.compute, source.device);
    }
}

Tensor WanVaeDown::operator()(const Tensor& x, WanVaeStream& stream) const {
    if (!time_) {
        return convolve(conv_, x, stream);
    }
    auto& shrink = stream.plan(conv_, x.extent(0), x.extent(1), x.extent(2));
    const Shape& small = shrink.output();
    FrameWindow& window = stream.window(this, small.with(0, 1), 1, most_);
    Tensor fresh = window.fresh(small[0]);
    shrink(x, fresh, stream.workspace());
    if (stream.latents() == 0) {
        window.advance();
        return fresh;
    }
    auto& plan = stream.plan(time_conv_, small[0] + 1, small[1], small[2]);
    Tensor y = stream.make(plan.output());
    plan(window.ring(), window.first(), nullptr, y, stream.workspace());
    window.advance();
    return y;
}

}  // namespace longtake::diffusion
