#pragma once

#include <string>
#include <string_view>

namespace longtake::diffusion {

// The Wan transformer exists under two sets of tensor names: the original checkpoint's and
// diffusers'. Inside we speak diffusers.

// "blocks.3.self_attn.q.weight" -> "blocks.3.attn1.to_q.weight". Prefixes that trainers add
// ("model.", "_fsdp_wrapped_module.") are dropped; diffusers' own names come back unchanged.
std::string diffusers_from_original(std::string_view name);

}  // namespace longtake::diffusion
