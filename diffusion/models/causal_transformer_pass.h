#pragma once

#include "diffusion/models/causal_transformer_state.h"

#include <span>

namespace longtake::diffusion {

// One pass of a chunk through the model: what it reads and the buffers it works in.
class CausalTransformer::Pass {
  public:
    Pass(const CausalTransformer& model, const std::shared_ptr<const Weights>& weights,
         TransformerWorkspace::State& state)
        : config_(model.config()),
          compute_(model.compute()),
          products_(model.products()),
          model_(weights),
          weights_(*weights),
          s_(state) {}

    // Without a `flow` the pass ends where the memory has all it wants.
    void run(const Tensor& latents, std::span<const double> timesteps, const TextContext& text,
             AttentionMemory& memory, Tensor* flow);

  private:
    using Group = TransformerWorkspace::State::Group;

    // All of a pass but what depends on the chunk's place in time.
    void queue(const Tensor& latents, const TextContext& text, AttentionMemory& memory,
               Tensor* flow);
    Modulation modulation_at(double timestep);
    // Calls work(group, its workspace) for all groups.
    template <typename Work> void each_group(Work&& work);
    // Hands keys and values over; what there is to attend to.
    KvView memorize(int layer, AttentionMemory& memory);
    // What follows an attention on its rows.
    void self_out(int layer, Group& g, Workspace& ops);
    void cross_attention(int layer, const TextContext& text, Group& g, Workspace& ops);
    void feed_forward(int layer, Group& g, Workspace& ops);
    GpuStream stream() const { return s_.ops.stream(); }

    const TransformerConfig& config_;
    DType compute_, products_;
    std::shared_ptr<const void> model_;
    const Weights& weights_;
    TransformerWorkspace::State& s_;
};

}  // namespace longtake::diffusion
