#include "gaussians/train/residual_trainer.h"

#include <algorithm>

namespace longtake::gaussians {

ResidualOptions queen_residuals(int64_t rounds) {
    ResidualOptions options;
    options.rounds = rounds;
    // The eighth of ten rounds, and later of more.
    options.densify_round = std::max(options.densify_round, rounds * 4 / 5);
    options.observe_round = options.densify_round / 2;
    return options;
}

ResidualOptions compact_residuals(int64_t rounds) {
    ResidualOptions options = queen_residuals(rounds);
    options.gate_latents = true;
    options.remove_dead = true;
    options.gate_threshold = 0.1;
    options.gate_cost = 0.012;
    options.masked_share = 0;
    return options;
}

ResidualOptions immersive_residuals(int64_t rounds) {
    ResidualOptions options;
    options.rounds = rounds;
    options.rates.means = 1.6e-4;
    options.rates.latents[1] = 0.05;  // rotations
    options.gate_shape = kImmersiveGates;
    options.masked_share = 0.65;
    // The eighth of fifteen rounds.
    options.densify_round = std::max<int64_t>(1, rounds * 8 / 15);
    options.observe_round = options.densify_round / 2;
    return options;
}

}  // namespace longtake::gaussians
