#pragma once

#include <string>
#include <string_view>

// The public models exist under two sets of tensor names: the original checkpoint's and diffusers'
// (for the text encoder, transformers'). Inside we speak the latter; these functions turn the
// former into them, and give the latter back unchanged.
namespace longtake::diffusion {

// Without what trainers and compilers wrap around a model: "model._fsdp_wrapped_module.blocks..."
// -> "blocks...".
std::string without_wrappers(std::string_view name);

// The Wan transformer: "blocks.3.self_attn.q.weight" -> "blocks.3.attn1.to_q.weight". Wrappers are
// dropped.
std::string diffusers_from_original(std::string_view name);

// umT5: "blocks.0.attn.q.weight" -> "encoder.block.0.layer.0.SelfAttention.q.weight".
std::string umt5_from_original(const std::string& name);

// CLIP's picture encoder: "visual.transformer.0.norm1.weight" ->
// "encoder.layers.0.layer_norm1.weight", transformers' own without its "vision_model.". Queries,
// keys and values stay one matrix, "self_attn.qkv_proj". Nothing for what the encoder does not
// need, such as CLIP's reader of texts.
std::string clip_from_original(std::string_view name);

// The Wan autoencoder: "decoder.middle.0.residual.2.weight" ->
// "decoder.mid_block.resnets.0.conv1.weight".
std::string wan_vae_from_original(std::string_view name);

}  // namespace longtake::diffusion
