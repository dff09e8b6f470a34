#include "diffusion/weights/key_map.h"

#include <array>
#include <utility>

namespace longtake::diffusion {
namespace {

using Entry = std::pair<std::string_view, std::string_view>;

// What a wrapper puts in front of the model's own names, and anywhere among them.
constexpr std::array<std::string_view, 6> kPrefixes{"model.",      "module.",          "generator.",
                                                    "base_model.", "diffusion_model.", "ema."};
constexpr std::array<std::string_view, 3> kInfixes{"_fsdp_wrapped_module.", "_orig_mod.",
                                                   "_checkpoint_wrapped_module."};

// Names outside the blocks, from the start of the name.
constexpr std::array<Entry, 12> kTop{{
    {"text_embedding.0.", "condition_embedder.text_embedder.linear_1."},
    {"text_embedding.2.", "condition_embedder.text_embedder.linear_2."},
    {"time_embedding.0.", "condition_embedder.time_embedder.linear_1."},
    {"time_embedding.2.", "condition_embedder.time_embedder.linear_2."},
    {"time_projection.1.", "condition_embedder.time_proj."},
    {"img_emb.proj.0.", "condition_embedder.image_embedder.norm1."},
    {"img_emb.proj.1.", "condition_embedder.image_embedder.ff.net.0.proj."},
    {"img_emb.proj.3.", "condition_embedder.image_embedder.ff.net.2."},
    {"img_emb.proj.4.", "condition_embedder.image_embedder.norm2."},
    {"img_emb.emb_pos", "condition_embedder.image_embedder.pos_embed"},
    {"head.modulation", "scale_shift_table"},
    {"head.head.", "proj_out."},
}};

// Names inside "blocks.N.". The parameter-free norm2 and norm3 trade names between the layouts:
// diffusers calls the cross-attention norm, the one with parameters, norm2.
constexpr std::array<Entry, 6> kBlock{{
    {"modulation", "scale_shift_table"},
    {"self_attn.", "attn1."},
    {"cross_attn.", "attn2."},
    {"norm3.", "norm2."},
    {"ffn.0.", "ffn.net.0.proj."},
    {"ffn.2.", "ffn.net.2."},
}};

// Names inside an attention.
constexpr std::array<Entry, 7> kAttention{{
    {"q.", "to_q."},
    {"k.", "to_k."},
    {"v.", "to_v."},
    {"o.", "to_out.0."},
    {"k_img.", "add_k_proj."},
    {"v_img.", "add_v_proj."},
    {"norm_k_img.", "norm_added_k."},
}};

template <size_t N>
bool replace_start(std::string& name, size_t at, const std::array<Entry, N>& table) {
    for (const auto& [original, diffusers] : table) {
        if (name.compare(at, original.size(), original) == 0) {
            name.replace(at, original.size(), diffusers);
            return true;
        }
    }
    return false;
}

// Where the part after "blocks.N." starts, or npos.
size_t block_part(std::string_view name) {
    if (!name.starts_with("blocks.")) {
        return std::string_view::npos;
    }
    const size_t dot = name.find('.', 7);
    return dot == std::string_view::npos ? dot : dot + 1;
}

}  // namespace

std::string without_wrappers(std::string_view wrapped) {
    std::string name(wrapped);
    for (const std::string_view infix : kInfixes) {
        for (size_t at = 0; (at = name.find(infix, at)) != std::string::npos;) {
            name.erase(at, infix.size());
        }
    }
    for (bool found = true; found;) {
        found = false;
        for (const std::string_view prefix : kPrefixes) {
            if (name.starts_with(prefix)) {
                name.erase(0, prefix.size());
                found = true;
            }
        }
    }
    return name;
}

std::string diffusers_from_original(std::string_view original) {
    std::string name = without_wrappers(original);
    const size_t at = block_part(name);
    if (at == std::string::npos) {
        replace_start(name, 0, kTop);
    } else if (replace_start(name, at, kBlock)) {
        for (const std::string_view attention : {"attn1.", "attn2."}) {
            if (name.compare(at, attention.size(), attention) == 0) {
                replace_start(name, at + attention.size(), kAttention);
            }
        }
    }
    return name;
}

}  // namespace longtake::diffusion
