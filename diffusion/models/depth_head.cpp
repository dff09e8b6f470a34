#include "diffusion/models/depth_head.h"

#include "core/error.h"

#include <fmt/format.h>
#include <cmath>
#include <utility>

namespace longtake::diffusion {
namespace {

Conv2d layer(const WeightMap& weights, const std::string& name, int64_t in, int64_t out,
             const ConvOptions& options) {
    return {weights.get("depth_head." + name + ".weight", {out, in, 3, 3}),
            weights.get("depth_head." + name + ".bias", {out}), options, DType::F32};
}

}  // namespace

DepthHead::DepthHead(const WeightMap& weights) {
    const Shape first = weights.info("depth_head.enter.weight").shape;
    check_input(first.rank() == 4, "{}: depth_head.enter.weight is {}, not [out, in, 3, 3]",
                weights.path().string(), first.str());
    const int64_t width = first[0];
    enter_ = layer(weights, "enter", first[1], width, {.relu = true});
    for (int i = 0; weights.contains(fmt::format("depth_head.layers.{}.weight", i)); ++i) {
        layers_.push_back(layer(weights, fmt::format("layers.{}", i), width, width,
                                {.residual = true, .relu = true}));
    }
    leave_ = layer(weights, "leave", width, 1, {});
}

DepthHead::State::State(std::shared_ptr<const DepthHead> head, int64_t height, int64_t width)
    : head_(std::move(head)),
      enter_(head_->enter_.plan(1, height, width)),
      leave_(head_->leave_.plan(1, height, width)),
      latent_(enter_->input(), DType::F32),
      x_(enter_->output(), DType::F32),
      y_(enter_->output(), DType::F32),
      out_(leave_->output(), DType::F32) {
    for (const Conv2d& conv : head_->layers_) {
        layers_.push_back(conv.plan(1, height, width));
    }
}

Tensor DepthHead::State::run(const Tensor& latent) {
    const Shape& in = latent_.shape();
    const int64_t cells = in[1] * in[2], channels = in[3];
    check(latent.shape() == Shape({1, channels, in[1], in[2]}) && latent.dtype() == DType::F32,
          "depth: latent {} {} for {}", name_of(latent.dtype()), latent.shape().str(), in.str());
    const float* from = latent.data<float>();
    float* to = latent_.data<float>();
    for (int64_t c = 0; c < channels; ++c) {
        for (int64_t cell = 0; cell < cells; ++cell) {
            to[cell * channels + c] = from[c * cells + cell];
        }
    }
    (*enter_)(latent_, x_, workspace_);
    for (const auto& conv : layers_) {
        (*conv)(x_, x_, y_, workspace_);
        std::swap(x_, y_);
    }
    (*leave_)(x_, out_, workspace_);
    Tensor depth({in[1], in[2]}, DType::F32);
    for (int64_t cell = 0; cell < cells; ++cell) {
        depth.data<float>()[cell] = std::exp(out_.data<float>()[cell]);
    }
    return depth;
}

}  // namespace longtake::diffusion
