#include "gaussians/train/static_trainer.h"

#include <algorithm>
#include <array>

namespace longtake::gaussians {

int64_t queen_latents(int sh_degree) {
    constexpr std::array<int64_t, kMaxShDegree + 1> kLatents{0, 2, 4, 12};  // 2 is ours
    return kLatents.at(static_cast<std::size_t>(sh_degree));
}

TrainingOptions queen_schedule(int64_t views, int64_t iterations) {
    constexpr int64_t kRounds = 500, kDensifyFrom = 50, kDensifyEvery = 5, kDegreeEvery = 1000;
    constexpr double kNear = 0.2;      // as 3DGS: nothing settles right before a camera
    constexpr int64_t kWhole = 10000;  // iterations of twenty views, which kDegreeEvery counts in
    const int64_t total = iterations > 0 ? iterations : kRounds * views;
    const auto share = [&](int64_t part, int64_t whole) {
        return std::max<int64_t>(1, total * part / whole);
    };
    return {.iterations = total,
            .sh_degree = 2,
            .sh_every = share(kDegreeEvery, kWhole),
            .scale_rate = 1e-3,
            .latents = queen_latents(2),
            .densify_from = share(kDensifyFrom, kRounds),
            .densify_every = share(kDensifyEvery, kRounds),
            .densify_until = 0.8,
            .density = {.gradient = 3e-4},
            .render = {.near = kNear}};
}

}  // namespace longtake::gaussians
