#include "diffusion/models/umt5.h"

#include <fmt/format.h>

namespace longtake::diffusion {

Umt5Encoder::Umt5Encoder(const Umt5Config& c, const WeightMap& weights, DType compute,
                         Device device, Layers layers)
    : config_(c), weights_(weights), compute_(compute), device_(device) {
    embedding_ = weights.get("shared.weight", {c.vocabulary, c.width});
    final_norm_ =
        weights.get("encoder.final_layer_norm.weight", {c.width}).to(DType::F32).to(device);
    for (int64_t i = 0; layers == Layers::Kept && i < c.layers; ++i) {
        layers_.push_back(read(i));
    }
    weights.check_none(fmt::format("encoder.block.{}.", c.layers));
}

Umt5Encoder::Layer Umt5Encoder::read(int64_t layer) const {
    const Umt5Config& c = config_;
    const auto floats = [&](const std::string& name, const Shape& shape) {
        return weights_.get(name + ".weight", shape).to(DType::F32).to(device_);
    };
    const auto linear = [&](const std::string& name, int64_t in, int64_t out) {
        const std::string weight = name + ".weight";
        Linear packed(weights_.get(weight, {out, in}), {}, compute_, device_);
        weights_.release(weight);
        return packed;
    };
    const int64_t inner = c.heads * c.head_dim;
    const std::string name = fmt::format("encoder.block.{}.layer.", layer);
    const std::string attention = name + "0.SelfAttention.", ffn = name + "1.DenseReluDense.";
    return {.attention_norm = floats(name + "0.layer_norm", {c.width}),
            .ffn_norm = floats(name + "1.layer_norm", {c.width}),
            .position_bias = floats(attention + "relative_attention_bias", {c.buckets, c.heads}),
            .q = linear(attention + "q", c.width, inner),
            .k = linear(attention + "k", c.width, inner),
            .v = linear(attention + "v", c.width, inner),
            .o = linear(attention + "o", inner, c.width),
            .gate = linear(ffn + "wi_0", c.width, c.ffn_dim),
            .up = linear(ffn + "wi_1", c.width, c.ffn_dim),
            .down = linear(ffn + "wo", c.ffn_dim, c.width)};
}

}  // namespace longtake::diffusion
