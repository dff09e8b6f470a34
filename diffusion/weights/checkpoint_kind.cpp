#include "diffusion/weights/checkpoint_kind.h"

#include "diffusion/weights/key_map.h"

#include <algorithm>
#include <array>

namespace longtake::diffusion {
namespace {

using Part = CheckpointKind::Part;
using Names = CheckpointKind::Names;

struct Signature {
    CheckpointKind kind;
    std::array<std::string_view, 2> tensors;
};

constexpr std::array<Signature, 12> kSignatures{{
    {{Part::Transformer, Names::Original},
     {"patch_embedding.weight", "blocks.0.self_attn.q.weight"}},
    {{Part::Transformer, Names::Diffusers},
     {"patch_embedding.weight", "blocks.0.attn1.to_q.weight"}},
    {{Part::TextEncoder, Names::Original}, {"token_embedding.weight", "blocks.0.attn.q.weight"}},
    {{Part::TextEncoder, Names::Diffusers},
     {"shared.weight", "encoder.block.0.layer.0.SelfAttention.q.weight"}},
    {{Part::TextEncoder, Names::Diffusers},
     {"encoder.embed_tokens.weight", "encoder.block.0.layer.0.SelfAttention.q.weight"}},
    {{Part::ImageEncoder, Names::Original},
     {"visual.cls_embedding", "visual.transformer.0.attn.to_qkv.weight"}},
    {{Part::ImageEncoder, Names::Diffusers},
     {"vision_model.embeddings.class_embedding", "vision_model.pre_layrnorm.weight"}},
    {{Part::ImageEncoder, Names::Diffusers}, {"embeddings.class_embedding", "pre_layrnorm.weight"}},
    {{Part::Taehv, Names::Original}, {"decoder.1.weight", "decoder.3.conv.0.weight"}},
    {{Part::Depth, Names::Original}, {"depth_head.enter.weight", "depth_head.leave.weight"}},
    {{Part::WanVae, Names::Original},
     {"decoder.conv1.weight", "decoder.middle.0.residual.0.gamma"}},
    {{Part::WanVae, Names::Diffusers},
     {"decoder.conv_in.weight", "decoder.mid_block.resnets.0.norm1.gamma"}},
}};

bool is_lora(const std::string& name) {
    return name.find(".lora_A.") != std::string::npos ||
           name.find(".lora_down.") != std::string::npos;
}

}  // namespace

std::optional<CheckpointKind> recognise(const std::set<std::string>& names) {
    if (std::ranges::any_of(names, is_lora)) {
        return CheckpointKind{Part::Lora, Names::Original};
    }
    std::set<std::string> bare;
    for (const std::string& name : names) {
        bare.insert(without_wrappers(name));
    }
    for (const Signature& signature : kSignatures) {
        if (std::ranges::all_of(signature.tensors, [&](std::string_view name) {
                return bare.contains(std::string(name));
            })) {
            return signature.kind;
        }
    }
    return std::nullopt;
}

std::string known_name(Part part, const std::string& name) {
    const std::string bare = without_wrappers(name);
    switch (part) {
        case Part::Transformer:
        case Part::Lora: return diffusers_from_original(bare);
        case Part::TextEncoder: return umt5_from_original(bare);
        case Part::ImageEncoder: return clip_from_original(bare);
        case Part::WanVae: return wan_vae_from_original(bare);
        case Part::Taehv:
        case Part::Depth: return bare;
    }
    return bare;
}

std::string_view name_of(Part part) {
    switch (part) {
        case Part::Transformer: return "transformer";
        case Part::TextEncoder: return "text encoder";
        case Part::ImageEncoder: return "image encoder";
        case Part::WanVae: return "full Wan vae";
        case Part::Taehv: return "vae";
        case Part::Depth: return "depth head";
        case Part::Lora: return "lora";
    }
    return "?";
}

}  // namespace longtake::diffusion
