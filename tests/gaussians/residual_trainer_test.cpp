#include "gaussians/train/residual_trainer.h"

#include "core/error.h"
#include "core/parallel.h"
#include "gaussians/train/static_trainer.h"
#include "tests/gaussians/fixed_testing.h"
#include "tests/gaussians/residual_scenes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace longtake::gaussians {
namespace {

int64_t nonzero(const Tensor& tensor) {
    return std::ranges::count_if(tensor.values<int32_t>(), [](int32_t v) { return v != 0; });
}

constexpr int64_t kNever = 1000;  // rounds

ResidualTrainer trainer_of(const ResidualOptions& options = {}) {
    return {views_at(0).learnt, fixed_of(scene_at(0)), kSceneExtent, options};
}

TEST(ResidualTrainer, GoesOnFromWhatADecoderHas) {
    ResidualTrainer trainer = trainer_of();
    for (const int frame : {1, 2, 3}) {
        const FixedCloud before = trainer.state();
        const auto residual = trainer.next(views_at(frame).images());
        EXPECT_GT(nonzero(residual->means), 0);
        EXPECT_TRUE(same(trainer.state(), advance(before, *residual))) << frame;
    }
}

TEST(ResidualTrainer, FollowsWhatMoves) {
    for (const bool multiply : {false, true}) {
        ResidualTrainer trainer = trainer_of({.densify_round = multiply ? 8 : kNever,
                                              .density = {.gradient = 0.05, .min_opacity = 0.01}});
        for (const int frame : {1, 2, 3}) {
            trainer.next(views_at(frame).images());
        }
        const TrainingView seen = views_at(3).held_out;
        const double still = errors_of(scene_at(0), seen).psnr();
        const double psnr = errors_of(to_cloud(trainer.state()), seen).psnr();
        EXPECT_GT(psnr, still + 6) << still;
        EXPECT_EQ(trainer.last().gaussians, trainer.state().count());
        if (multiply) {
            EXPECT_GT(trainer.last().gaussians, 60);
        } else {
            EXPECT_LT(trainer.last().active, 45);  // of 60, 15 of which move
        }
    }
}

// Of a model that is not perfect, so that there would be something to learn.
TEST(ResidualTrainer, LeavesAStillVideoAlone) {
    for (const bool everything : {false, true}) {
        Cloud cloud = scene_at(0);
        for (float& v : cloud.sh_dc.values<float>()) {
            v += 0.05F;
        }
        const SceneViews views = views_at(0);
        ResidualTrainer trainer(
            views.learnt, fixed_of(cloud), kSceneExtent,
            {.gate_latents = everything, .densify_round = everything ? 8 : kNever});
        const auto residual = trainer.next(views.images());
        EXPECT_EQ(nonzero(residual->means), 0);
        EXPECT_EQ(trainer.last().active, 0);
        EXPECT_EQ(trainer.last().masked, 1);
        for (const ResidualColumn* column : {&residual->log_scales, &residual->rotations,
                                             &residual->opacities, &residual->sh_dc}) {
            if (everything) {
                EXPECT_EQ(nonzero(column->latents), 0);
            }
        }
        EXPECT_EQ(nonzero(residual->rest), 0);
    }
}

TEST(ResidualTrainer, SameBitsForAnyNumberOfThreads) {
    const int threads = thread_count();
    std::vector<FixedCloud> results;
    for (const int n : {1, 3}) {
        omp_set_num_threads(n);
        ResidualTrainer trainer = trainer_of({.gates = GateStart::Robust, .gate_latents = true});
        trainer.next(views_at(1).images());
        results.push_back(trainer.state());
    }
    omp_set_num_threads(threads);
    EXPECT_TRUE(same(results[0], results[1]));
}

TEST(ResidualTrainer, GaussiansMultiplyOnceAndFaintNewOnesGo) {
    ResidualOptions options{.density = {.gradient = 0, .min_opacity = 0.01}};
    ResidualTrainer trainer = trainer_of(options);
    const auto residual = trainer.next(views_at(1).images());
    // All but those that nobody sees: wide ones are split, and are gone themselves.
    EXPECT_GT(residual->splits.size(), 40U);
    EXPECT_EQ(residual->removed.size() * 2, residual->splits.size());
    EXPECT_EQ(trainer.last().added, std::ssize(residual->clones) + std::ssize(residual->splits));

    options.density.min_opacity = 0.99999;
    ResidualTrainer strict = trainer_of(options);
    EXPECT_EQ(strict.next(views_at(1).images())->splits.size(), 0U);
    options.rounds = 8;  // the last round changes nothing any more
    ResidualTrainer shorter = trainer_of(options);
    EXPECT_EQ(shorter.next(views_at(1).images())->removed.size(), 0U);
}

TEST(ResidualTrainer, UnseenGaussiansGoOnRequest) {
    Cloud cloud = scene_at(0);
    cloud.opacities.values<float>()[7] = cloud.opacities.values<float>()[9] = -6;
    const SceneViews views = views_at(0);
    for (const bool remove : {false, true}) {
        ResidualTrainer trainer(views.learnt, fixed_of(cloud), kSceneExtent,
                                {.rounds = 1, .remove_dead = remove});
        const auto residual = trainer.next(views.images());
        EXPECT_EQ(residual->removed,
                  remove ? std::vector<int32_t>({7, 9}) : std::vector<int32_t>());
        EXPECT_EQ(trainer.last().removed, remove ? 2 : 0);
    }
}

TEST(ResidualTrainer, CentresMoveByShareOfAPixel) {
    const auto step_of = [](double pixels) {
        ResidualTrainer trainer = trainer_of({.move_pixels = pixels});
        const auto residual = trainer.next(views_at(1).images());
        int32_t step = 0;
        for (const int32_t v : residual->means.values<int32_t>()) {
            step = std::gcd(step, v);
        }
        return step * static_cast<double>(mean_step_of(kSceneExtent));
    };
    constexpr double kDepth = 3.5;  // the middle of what views_of() see
    const double pixel = kDepth / views_at(0).learnt[0].camera.fx;
    EXPECT_EQ(step_of(0), static_cast<double>(mean_step_of(kSceneExtent)));
    const double half = step_of(0.5);
    EXPECT_GT(half, 0.2 * pixel);
    EXPECT_LT(half, 0.6 * pixel);
    EXPECT_EQ(step_of(0.125), half / 4);
}

TEST(ResidualTrainer, StopsOnRequest) {
    ResidualTrainer trainer = trainer_of();
    int asked = 0;
    EXPECT_FALSE(trainer.next(views_at(1).images(), [&] { return ++asked < 3; }).has_value());
    EXPECT_EQ(asked, 3);
}

TEST(ResidualTrainer, WorksWithoutHarmonics) {
    const Attributes<float> g =
        converted<float>(random_gaussians(5, {.count = 20, .sh_degree = 0}));
    const auto views = views_of(to_cloud(g));
    const FixedCloud first = to_fixed(to_cloud(g),
                                      {.values = Tensor({20, 0}, DType::F32),
                                       .matrix = Tensor({0, 0}, DType::F32),
                                       .shift = Tensor({0}, DType::F32)},
                                      mean_step_of(kSceneExtent));
    ResidualTrainer trainer(views, first, kSceneExtent, {.rounds = 1});
    std::vector<Tensor> images;
    for (const TrainingView& view : views) {
        images.push_back(view.image);
    }
    EXPECT_EQ(trainer.next(images)->count(), 20);
    EXPECT_THROW(ResidualTrainer({}, first, kSceneExtent), Error);
}

}  // namespace
}  // namespace longtake::gaussians
