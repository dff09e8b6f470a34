#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace longtake::diffusion {

// What a checkpoint is part of, and under whose names its tensors stand.
struct CheckpointKind {
    enum class Part : uint8_t {
        Transformer,
        Taehv,
        WanVae,
        TextEncoder,
        ImageEncoder,
        Depth,
        Lora
    };
    enum class Names : uint8_t { Original, Diffusers };  // Diffusers: also transformers'

    Part part;
    Names names;
    bool operator==(const CheckpointKind&) const = default;
};

// Told by tensors that no other model has; nullopt for a stranger. Wrappers around the names do not
// matter.
std::optional<CheckpointKind> recognise(const std::set<std::string>& names);

// The name that the program knows the tensor of such a checkpoint by; empty where it knows none.
std::string known_name(CheckpointKind::Part part, const std::string& name);

std::string_view name_of(CheckpointKind::Part part);  // "transformer"

}  // namespace longtake::diffusion
