#include "core/error.h"
#include "diffusion/models/config_reader.h"
#include "diffusion/models/umt5.h"

#include <fmt/format.h>

namespace longtake::diffusion {
namespace {

void check_buckets(const Umt5Config& c, const std::filesystem::path& path) {
    check_input(c.buckets % 4 == 0 && c.max_distance > c.buckets / 4,
                "{}: relative_attention_num_buckets {} and relative_attention_max_distance {} do "
                "not go together",
                path.string(), c.buckets, c.max_distance);
}

}  // namespace

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
        check_buckets(c, weights.path());
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
    check_buckets(c, path);
    return c;
}

}  // namespace longtake::diffusion
