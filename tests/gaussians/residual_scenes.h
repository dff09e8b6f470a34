#pragma once

#include "gaussians/codec/fixed_cloud.h"
#include "gaussians/train/residual_trainer.h"
#include "tests/gaussians/scenes.h"

#include <cstdint>
#include <vector>

// Small scenes that change from frame to frame, for tests of what learns them.
namespace longtake::gaussians {

constexpr double kSceneExtent = 2;

// Sixty Gaussians; every fourth moves and gets another colour.
inline Cloud scene_at(int frame) {
    auto g = random_gaussians(21, {.count = 60, .sh_degree = 1, .scale = 0.2});
    std::ranges::fill(g.sh_rest, 0.0);
    for (std::size_t i = 0; i < 60; i += 4) {
        g.means[3 * i] += 0.08 * frame;
        g.means[3 * i + 1] -= 0.05 * frame;
        g.sh_dc[3 * i] += 0.15 * frame;
    }
    return to_cloud(converted<float>(g));
}

inline FixedCloud fixed_of(const Cloud& cloud) {
    const Latents rest = Latents::start(cloud.count(), 2, 9, 0.1, Device::Cpu, 1);
    return to_fixed(cloud, rest, mean_step_of(kSceneExtent));
}

// What four of views_of() see; the one in the middle is held out.
struct SceneViews {
    std::vector<TrainingView> learnt;
    TrainingView held_out;
    std::vector<Tensor> images() const {
        std::vector<Tensor> images;
        for (const TrainingView& view : learnt) {
            images.push_back(view.image);
        }
        return images;
    }
};
inline SceneViews views_at(int frame) {
    SceneViews views{.learnt = views_of(scene_at(frame)), .held_out = {}};
    views.held_out = views.learnt[2];
    views.learnt.erase(views.learnt.begin() + 2);
    return views;
}

}  // namespace longtake::gaussians
