#pragma once

#include "core/error.h"
#include "gaussians/train/static_trainer.h"
#include "gaussians/train/swept_points.h"
#include "tools/toyworld/toyworld.h"

#include <algorithm>
#include <utility>
#include <vector>

// A moment of the toy world, seen by twelve cameras on an arc of one radian, and by one in its
// middle from which nothing is learnt.
namespace longtake::gaussians {

// One picture that the toy world drew, with its camera: 4 x 4 numbers from world to camera, and fx,
// fy, cx, cy.
inline TrainingView toyworld_view(int64_t width, int64_t height, const uint8_t* rgb,
                                  const float* pose, const float* lens) {
    TrainingView view{.camera = {.width = width,
                                 .height = height,
                                 .fx = lens[0],
                                 .fy = lens[1],
                                 .cx = lens[2],
                                 .cy = lens[3]},
                      .image = Tensor({height, width, 3}, DType::U8)};
    for (std::size_t i = 0; i < 3; ++i) {
        std::copy_n(pose + 4 * i, 3, view.camera.rotation.begin() + 3 * i);
        view.camera.translation[i] = pose[4 * i + 3];
    }
    std::copy_n(rgb, 3 * width * height, view.image.data<uint8_t>());
    return view;
}

struct ToyworldViews {
    std::vector<TrainingView> training;
    TrainingView held_out;
};

inline ToyworldViews toyworld_views(uint64_t seed, int64_t width = 256, int64_t height = 144,
                                    std::size_t frame = 0) {
    constexpr std::size_t kViews = 13, kHeldOut = 6;
    const ltw_rig rig{.view_count = kViews, .fixed = 1, .spread = 1};
    const auto bytes = static_cast<std::size_t>(3 * width * height);
    const std::size_t frames = frame + 1;
    std::vector<uint8_t> rgb(kViews * frames * bytes);
    std::vector<float> poses(16 * kViews * frames), lenses(4 * kViews);
    check(ltw_render_views_cpu(nullptr, seed, &rig, static_cast<int>(width),
                               static_cast<int>(height), static_cast<int>(frames), 16, 16,
                               rgb.data(), nullptr, nullptr, poses.data(), lenses.data()) == 0,
          "the toy world cannot be rendered");
    ToyworldViews views;
    for (std::size_t v = 0; v < kViews; ++v) {
        const std::size_t picture = v * frames + frame;
        TrainingView view = toyworld_view(width, height, rgb.data() + picture * bytes,
                                          poses.data() + 16 * picture, lenses.data() + 4 * v);
        if (v == kHeldOut) {
            views.held_out = std::move(view);
        } else {
            views.training.push_back(std::move(view));
        }
    }
    return views;
}

// What suits a small picture of few things: some seconds on two cores.
inline TrainingOptions toyworld_options(int64_t iterations) {
    return {.iterations = iterations,
            .sh_degree = 1,
            .sh_every = 500,
            .initial_size = 0.3,
            .densify_from = 100,
            .density = {.max_gaussians = 8000}};
}

constexpr int64_t kToyworldPoints = 5000;

}  // namespace longtake::gaussians
