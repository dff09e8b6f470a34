#include "diffusion/weights/key_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace longtake::diffusion {
namespace {

using Entry = std::pair<std::string_view, std::string_view>;

// After "visual.", from the start of the name.
constexpr std::array<Entry, 5> kTop{{
    {"cls_embedding", "embeddings.class_embedding"},
    {"pos_embedding", "embeddings.position_embedding.weight"},
    {"patch_embedding.", "embeddings.patch_embedding."},
    {"pre_norm.", "pre_layrnorm."},
    {"post_norm.", "post_layernorm."},
}};

// After "visual.transformer.N.".
constexpr std::array<Entry, 6> kLayer{{
    {"norm1.", "layer_norm1."},
    {"norm2.", "layer_norm2."},
    {"attn.to_qkv.", "self_attn.qkv_proj."},
    {"attn.proj.", "self_attn.out_proj."},
    {"mlp.0.", "mlp.fc1."},
    {"mlp.2.", "mlp.fc2."},
}};

// Of both layouts, what the features of a picture do not need.
constexpr std::array<std::string_view, 4> kOthers{"textual.", "log_scale", "visual_projection.",
                                                  "embeddings.position_ids"};

template <size_t N>
std::string replaced_start(std::string_view name, const std::array<Entry, N>& table) {
    for (const auto& [original, ours] : table) {
        if (name.starts_with(original)) {
            return std::string(ours).append(name.substr(original.size()));
        }
    }
    return "";
}

}  // namespace

std::string clip_from_original(std::string_view name) {
    constexpr std::string_view kOriginal = "visual.", kOurs = "vision_model.";
    constexpr std::string_view kLayers = "transformer.";
    if (name.starts_with(kOurs)) {
        name.remove_prefix(kOurs.size());
    }
    if (!name.starts_with(kOriginal)) {
        const auto starts = [&](std::string_view other) { return name.starts_with(other); };
        return std::ranges::any_of(kOthers, starts) ? "" : std::string(name);
    }
    name.remove_prefix(kOriginal.size());
    if (!name.starts_with(kLayers)) {
        return replaced_start(name, kTop);
    }
    name.remove_prefix(kLayers.size());
    const size_t dot = std::min(name.find('.'), name.size());
    const std::string rest = replaced_start(name.substr(std::min(dot + 1, name.size())), kLayer);
    return rest.empty() ? "" : fmt::format("encoder.layers.{}.{}", name.substr(0, dot), rest);
}

}  // namespace longtake::diffusion
