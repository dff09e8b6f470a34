#include "core/error.h"
#include "diffusion/models/config_reader.h"
#include "diffusion/models/umt5.h"

#include <fmt/format.h>

namespace longtake::diffusion {
Umt5Config Umt5Config::of(const WeightMap& weights, const std::filesystem::path& config) {
    const auto matrix = [&](const std::string& name) {
        const Shape shape = weights.info(name).shape;
        check_input(shape.rank() == 2 && shape.count() > 0,
                    "{}: {} has shape {}, which is no umT5's", weights.path().string(), name,
                    shape.str());
        return shape;
    };
    const std::string block = "encoder.block.0.layer.";
    const std::string attention = block + "0.SelfAttention.";
    Umt5Config c;
    c.vocabulary = matrix("shared.weight")[0];
    c.width = matrix("shared.weight")[1];
    c.buckets = matrix(attention + "relative_attention_bias.weight")[0];
    c.heads = matrix(attention + "relative_attention_bias.weight")[1];
    c.head_dim = matrix(attention + "q.weight")[0] / c.heads;
    c.ffn_dim = matrix(block + "1.DenseReluDense.wi_0.weight")[0];
    c.layers = 0;
    while (weights.contains(
        fmt::format("encoder.block.{}.layer.0.SelfAttention.q.weight", c.layers))) {
        ++c.layers;
    }
    if (config.empty()) {
        return c;
    }
    const Umt5Config said = read(config, c);
    check_input(said.layers == c.layers, "{}: num_layers is {}, but the weights have {}",
                config.string(), said.layers, c.layers);
    return said;
}

Umt5Config Umt5Config::read(const std::filesystem::path& path) {
    return read(path, {});
}

Umt5Config Umt5Config::read(const std::filesystem::path& path, Umt5Config c) {
    const ConfigReader reader(path);
    reader.read("vocab_size", c.vocabulary);
    reader.read("d_model", c.width);
    reader.read("num_heads", c.heads);
    reader.read("d_kv", c.head_dim);
    reader.read("d_ff", c.ffn_dim);
    reader.read("num_layers", c.layers);
    reader.read("relative_attention_num_buckets", c.buckets);
    reader.read("relative_attention_max_distance", c.max_distance);
    reader.read("layer_norm_epsilon", c.eps);
    reader.require("feed_forward_proj", "gated-gelu");
    check_input(c.buckets % 4 == 0 && c.max_distance > c.buckets / 4,
                "{}: relative_attention_num_buckets {} and relative_attention_max_distance {} do "
                "not go together",
                path.string(), c.buckets, c.max_distance);
    return c;
}

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
