#include "diffusion/weights/key_map.h"

#include <fmt/format.h>

#include <algorithm>
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

}  // namespace longtake::diffusion
