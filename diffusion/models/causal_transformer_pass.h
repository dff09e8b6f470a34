#pragma once

#include "diffusion/models/causal_transformer_state.h"

#include <span>

namespace longtake::diffusion {

// One pass of chunks through the model: what it reads and the buffers it works in.
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

    // Without flows the pass ends where the memories have all they want.
    void run(std::span<const PassTake> takes, std::span<const double> timesteps);

  private:
    using Group = TransformerWorkspace::State::Group;

    // All of a pass but what depends on the chunks' places in time.
    void queue(std::span<const PassTake> takes);
    static Tensor part(const Tensor& rows, int64_t i, int64_t takes);
    Modulation modulation_at(double timestep);
    // Calls work(group, its workspace) for all groups.
    template <typename Work> void each_group(Work&& work);
    // Hands keys and values over; what there is to attend to, for each take.
    void memorize(int layer, std::span<const PassTake> takes);
    // What follows an attention on its rows.
    void self_out(int layer, Group& g, Workspace& ops);
    void cross_attention(int layer, std::span<const PassTake> takes, Group& g, Workspace& ops);
    void feed_forward(int layer, Group& g, Workspace& ops);
    GpuStream stream() const { return s_.ops.stream(); }

    const TransformerConfig& config_;
    DType compute_, products_;
    std::shared_ptr<const void> model_;
    const Weights& weights_;
    TransformerWorkspace::State& s_;
};

}  // namespace longtake::diffusion
