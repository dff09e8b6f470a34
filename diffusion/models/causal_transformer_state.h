#pragma once

#include "diffusion/models/causal_transformer_weights.h"
#include "diffusion/ops/rope.h"
#include "diffusion/ops/workspace.h"

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace longtake::diffusion {

// What a timestep does to every layer: each tensor is [d]; gain = 1 + scale.
struct Modulation {
    struct Layer {
        Tensor self_shift, self_gain, self_gate, ffn_shift, ffn_gain, ffn_gate;
    };
    std::vector<Layer> layers;
    Tensor head_shift, head_gain;
};

// The activations of a pass. Built for one model and one size of chunk, rebuilt when either
// changes.
struct TransformerWorkspace::State {
    explicit State(Device device) : ops(device) {}

    // Consecutive frames with the same timestep: the rows [begin, end) of the activations.
    struct Group {
        int64_t begin, end;
        const Modulation* modulation;
        Tensor x, normed, head_normed, attended, hidden;
    };

    Workspace ops;                             // and its device is that of everything here
    std::map<double, Modulation> modulations;  // by timestep
    std::vector<Group> groups;
    std::optional<RopeTable> rope;

    // L tokens, d = heads * head_dim; x is fp32, the rest of the compute type unless noted. What
    // goes into a product of a block (*) is of the products' type, and the same tensor as its
    // neighbour where that is the compute type.
    Tensor patches;      // [L, in_channels * patch]
    Tensor x;            // [L, d], the residual stream
    Tensor normed;       // [L, d] (*)
    Tensor head_normed;  // [L, d]
    Tensor qkv;          // [L, 3 d]
    Tensor q, k, v;      // [L, heads, head_dim]
    Tensor cross;        // [L, d]
    Tensor attended;     // [L, heads, head_dim]
    Tensor attended2;    // the same as [L, d]
    Tensor hidden;       // [L, ffn_dim] (*)
    Tensor tokens;       // [L, out_channels * patch] fp32

    // Makes everything fit a chunk of `frames` x `height` x `width` tokens.
    void fit(const std::shared_ptr<const void>& model, const TransformerConfig& config,
             DType compute, DType products, int64_t frames, int64_t height, int64_t width);
    // Splits the chunk's rows by timestep; `modulation_of(t)` is asked once per new timestep.
    template <typename ModulationOf>
    void group(std::span<const double> timesteps, ModulationOf&& modulation_of) {
        if (modulations.size() > kMaxModulations) {
            modulations.clear();
        }
        for (const double t : timesteps) {
            if (!modulations.contains(t)) {
                modulations.emplace(t, modulation_of(t));
            }
        }
        set_groups(timesteps);
    }

  private:
    static constexpr size_t kMaxModulations = 64;
    void set_groups(std::span<const double> timesteps);

    std::shared_ptr<const void> model_;  // kept, so that no other one takes its address
    int64_t frames_ = 0, height_ = 0, width_ = 0;
};

}  // namespace longtake::diffusion
