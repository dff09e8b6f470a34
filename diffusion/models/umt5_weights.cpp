#include "core/error.h"
#include "diffusion/models/config_reader.h"
#include "diffusion/models/umt5.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace longtake::diffusion {
namespace {

using Entry = std::pair<std::string_view, std::string_view>;

// Names outside the blocks, whole.
constexpr std::array<Entry, 3> kTop{{
    {"token_embedding.weight", "shared.weight"},
    {"encoder.embed_tokens.weight", "shared.weight"},
    {"norm.weight", "encoder.final_layer_norm.weight"},
}};

// Names inside "blocks.N.", whole.
constexpr std::array<Entry, 10> kBlock{{
    {"norm1.weight", "layer.0.layer_norm.weight"},
    {"attn.q.weight", "layer.0.SelfAttention.q.weight"},
    {"attn.k.weight", "layer.0.SelfAttention.k.weight"},
    {"attn.v.weight", "layer.0.SelfAttention.v.weight"},
    {"attn.o.weight", "layer.0.SelfAttention.o.weight"},
    {"pos_embedding.embedding.weight", "layer.0.SelfAttention.relative_attention_bias.weight"},
    {"norm2.weight", "layer.1.layer_norm.weight"},
    {"ffn.gate.0.weight", "layer.1.DenseReluDense.wi_0.weight"},
    {"ffn.fc1.weight", "layer.1.DenseReluDense.wi_1.weight"},
    {"ffn.fc2.weight", "layer.1.DenseReluDense.wo.weight"},
}};

template <size_t N>
std::string_view look_up(const std::array<Entry, N>& table, std::string_view name) {
    for (const auto& [original, ours] : table) {
        if (name == original) {
            return ours;
        }
    }
    return {};
}

}  // namespace

std::string umt5_from_original(const std::string& name) {
    constexpr std::string_view kBlocks = "blocks.";
    if (!name.starts_with(kBlocks)) {
        const std::string_view top = look_up(kTop, name);
        return top.empty() ? name : std::string(top);
    }
    const size_t dot = std::min(name.find('.', kBlocks.size()), name.size());
    const std::string_view rest =
        look_up(kBlock, std::string_view(name).substr(std::min(dot + 1, name.size())));
    return rest.empty() ? name
                        : fmt::format("encoder.block.{}.{}",
                                      name.substr(kBlocks.size(), dot - kBlocks.size()), rest);
}

Umt5Config Umt5Config::read(const std::filesystem::path& path) {
    const ConfigReader reader(path);
    Umt5Config c;
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

Umt5Encoder::Umt5Encoder(const Umt5Config& c, const WeightMap& weights, DType compute)
    : config_(c), compute_(compute) {
    const auto norm = [&](const std::string& name) {
        return weights.get(name + ".weight", {c.width}).to(DType::F32);
    };
    const auto linear = [&](const std::string& name, int64_t in, int64_t out) {
        return Linear(weights.get(name + ".weight", {out, in}), {}, compute);
    };
    embedding_ = weights.get("shared.weight", {c.vocabulary, c.width});
    final_norm_ = norm("encoder.final_layer_norm");
    const int64_t inner = c.heads * c.head_dim;
    for (int64_t i = 0; i < c.layers; ++i) {
        const std::string name = fmt::format("encoder.block.{}.layer.", i);
        const std::string attention = name + "0.SelfAttention.", ffn = name + "1.DenseReluDense.";
        layers_.push_back(
            {.attention_norm = norm(name + "0.layer_norm"),
             .ffn_norm = norm(name + "1.layer_norm"),
             .position_bias =
                 weights.get(attention + "relative_attention_bias.weight", {c.buckets, c.heads})
                     .to(DType::F32),
             .q = linear(attention + "q", c.width, inner),
             .k = linear(attention + "k", c.width, inner),
             .v = linear(attention + "v", c.width, inner),
             .o = linear(attention + "o", inner, c.width),
             .gate = linear(ffn + "wi_0", c.width, c.ffn_dim),
             .up = linear(ffn + "wi_1", c.width, c.ffn_dim),
             .down = linear(ffn + "wo", c.ffn_dim, c.width)});
    }
    weights.check_none(fmt::format("encoder.block.{}.", c.layers));
}

}  // namespace longtake::diffusion
