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

    // Rows [begin, end) of the activations that have the same timestep and go together from one
    // self attention to the next: consecutive frames of a take, or as many rows of them as a thread
    // takes alone; or all rows of all takes.
    struct Group {
        int64_t begin, end;
        const Modulation* modulation;
        Tensor x, normed, head_normed, qkv, q, cross, cross_heads, attended, attended2, hidden;
    };

    Workspace ops;                             // and its device is that of everything here
    std::vector<Workspace> workers;            // of threads that take groups alone
    std::map<double, Modulation> modulations;  // by timestep
    std::vector<Group> groups;
    std::optional<RopeTable> rope;
    std::vector<double> positions;  // of the frames of all takes
    std::vector<KvTarget> targets;  // of a layer, one for each take, as are
    std::vector<KvView> views;

    // L tokens of all takes, one take after another, d = heads * head_dim; x is fp32, the rest of
    // the compute type unless noted. What goes into a product of a block (*) is of the products'
    // type, and the same tensor as its neighbour where that is the compute type.
    Tensor patches;      // [L, in_channels * patch]
    Tensor x;            // [L, d], the residual stream
    Tensor normed;       // [L, d] (*)
    Tensor head_normed;  // [L, d]
    Tensor qkv;          // [L, 3 d]
    Tensor q, k, v;      // [L, heads, head_dim]
    Tensor cross;        // [L, d]
    Tensor cross_heads;  // the same as [L, heads, head_dim]
    Tensor attended;     // [L, heads, head_dim]
    Tensor attended2;    // the same as [L, d]
    Tensor hidden;       // [L, ffn_dim] (*)
    Tensor tokens;       // [L, out_channels * patch] fp32

    // Makes everything fit the chunks of `takes`, each of `frames` x `height` x `width` tokens, of
    // which threads take `rows_alone`, or 0: they share all.
    void fit(const std::shared_ptr<const void>& model, const TransformerConfig& config,
             DType compute, DType products, int64_t rows_alone, int64_t takes, int64_t frames,
             int64_t height, int64_t width);
    // What recorded passes read besides: prompts, and `memories` of as many takes. Passes that read
    // anything else are recorded anew.
    void hold(std::span<const PassTake> takes, std::vector<Tensor> memories);
    // Splits the chunks' rows into groups; `modulation_of(t)` is asked once per new timestep.
    template <typename ModulationOf>
    void group(std::span<const double> timesteps, ModulationOf&& modulation_of) {
        if (modulations.size() > kMaxModulations) {
            ops.forget_recordings();
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

    std::vector<TextContext> texts_;  // of recorded passes, as are their
    std::vector<Tensor> memories_;
    std::shared_ptr<const void> model_;  // kept, so that no other one takes its address
    int64_t rows_alone_ = 0, takes_ = 0, frames_ = 0, height_ = 0, width_ = 0;
};

}  // namespace longtake::diffusion
