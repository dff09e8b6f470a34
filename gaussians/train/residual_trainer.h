#pragma once

#include "gaussians/codec/residual.h"
#include "gaussians/train/density.h"
#include "gaussians/train/gates.h"
#include "gaussians/train/lineage.h"
#include "gaussians/train/residual_model.h"
#include "gaussians/train/view_loss.h"
#include "gaussians/train/view_order.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <vector>

namespace longtake::gaussians {

// As QUEEN learns N3DV (Girish et al. 2024, configs/dynerf.yaml), unless said otherwise.
struct ResidualOptions {
    int64_t rounds = 10;  // of the views; QUEEN-s, -m and -l have 6, 8 and 10
    double ssim_share = 0.2;
    ResidualRates rates{};
    GateStart gates = GateStart::Median;  // Open: there are none
    double gate_threshold = 1;            // the median score of Median and Robust, times this
    GateShape gate_shape{};
    double gate_cost = 0.01;  // of all gates open
    // Gates are before all of a Gaussian, as in S2GS, not its centre alone; and only where they are
    // open do Gaussians multiply.
    bool gate_latents = false;
    double pool = 0;  // side of the cubes within which Gaussians share a score, times the extent
    // In the first rounds only what moving Gaussians cover is learnt from: those of a larger score.
    double masked_share = 0.3;
    double moving = 1e-3;
    // Gaussians multiply once, after that round unless it is the last, by what was observed from
    // the other on; new ones that are fainter than min_opacity at the end of the frame go. QUEEN
    // also drops new ones wider than `widest`, which leaves holes in skies: here what is so wide
    // does not multiply. Old ones go only if nobody can see them, and when asked.
    int64_t densify_round = 8, observe_round = 4;
    DensityOptions density{.gradient = 1.25e-3, .widest = 0.1, .min_opacity = 0.01};
    bool remove_dead = false;
    // Centres move by multiples of the power of two of the cloud's steps next below this share of a
    // pixel, half way into the scene that the first view sees; 0: by single steps.
    double move_pixels = 0.5;
    RenderOptions render{};
    uint64_t seed = 1;
    bool graphs = true;  // ViewLoss::on
};

// QUEEN's for N3DV with any number of rounds; for the Immersive dataset, whose paper has gates and
// masks that its published settings lack; and ours for few bytes: gates before all that changes,
// which start open for all that is pulled at all, no masks, and what cannot be seen goes.
ResidualOptions queen_residuals(int64_t rounds);
ResidualOptions immersive_residuals(int64_t rounds);
ResidualOptions compact_residuals(int64_t rounds);

// What a frame came to.
struct ResidualSummary {
    int64_t gaussians = 0, removed = 0, added = 0;
    int64_t active = 0;  // those whose gates are open in the end
    double masked = 0;   // share of the tiles that the first rounds left out
    double score_seconds = 0, mask_seconds = 0, learn_seconds = 0, round_seconds = 0;
};

// Learns frame after frame what changes, from what a decoder has of the one before. On the CPU
// results do not depend on the number of threads; on the GPU nothing of an iteration comes back.
class ResidualTrainer {
  public:
    // `first` is what the views show; `extent` the unit of moves and sizes (scene_extent()). All
    // that follows is a function of the arguments and the pictures. Throws Error without views.
    ResidualTrainer(std::span<const TrainingView> views, const FixedCloud& first, double extent,
                    const ResidualOptions& options = {}, Device device = Device::Cpu);

    // What the next pictures [H, W, 3] change, one of each view; on the device. `go_on` is asked
    // after each iteration: when it says no, there is no result and the trainer is spent.
    std::optional<Residual> next(std::span<const Tensor> images,
                                 const std::function<bool()>& go_on = {});
    // For the frames from now on; gates stay before what they are before, and steps what they are.
    void set_options(const ResidualOptions& options) { options_ = options; }
    const FixedCloud& state() const { return state_; }  // what a decoder has, on the device
    const ResidualSummary& last() const { return summary_; }

  private:
    void begin();
    std::vector<float> scores();
    void set_gates(const std::vector<float>& scores);
    void set_masks(const std::vector<float>& scores);
    void step(int64_t iteration);
    void multiply();
    void drop_new();
    Residual finish();

    ResidualOptions options_;
    Device device_;
    double extent_;
    int32_t move_factor_;
    std::unique_ptr<ViewLoss> loss_;
    FixedCloud state_;
    ResidualModel model_;
    ViewOrder order_;
    std::mt19937_64 engine_;
    ResidualSummary summary_;

    // Of the frame that is learnt.
    Lineage lineage_;
    Adam adam_;
    DensityControl density_;
    Cloud cloud_;
    GradientTensors gradient_;
};

}  // namespace longtake::gaussians
