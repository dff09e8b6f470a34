#include "gaussians/train/static_trainer.h"

#include "core/error.h"
#include "core/parallel.h"
#include "gaussians/train/swept_points.h"
#include "tests/gaussians/scenes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace longtake::gaussians {
namespace {

// Decibels of a view that nothing was learnt from, before and after.
std::pair<double, double> learn(const TrainingOptions& options) {
    const auto truth = random_gaussians(21, {.count = 60, .sh_degree = 0, .scale = 0.2});
    auto views = views_of(to_cloud(converted<float>(truth)));
    const TrainingView held_out = views[2];
    views.erase(views.begin() + 2);
    StaticTrainer trainer(views, swept_points(views, 300, 1), options);
    const double before = errors_of(trainer.cloud(), held_out).psnr();
    int64_t reports = 0;
    trainer.run([&](const TrainingStatus& status) { reports += status.iteration > reports; });
    EXPECT_EQ(reports, options.iterations);
    return {before, errors_of(trainer.cloud(), held_out).psnr()};
}

TEST(StaticTrainer, LearnsWhatTheViewsShow) {
    const auto [before, after] = learn({.iterations = 400, .sh_degree = 0, .densify_from = 100});
    EXPECT_GT(after, before + 8) << before;  // measured: 16.6 to 27.8
}

TEST(StaticTrainer, LearnsBySamplingToo) {
    const auto [before, after] = learn({.iterations = 400,
                                        .sh_degree = 0,
                                        .densify_from = 100,
                                        .densify_every = 50,
                                        .mcmc = McmcOptions{.max_gaussians = 500}});
    EXPECT_GT(after, before + 8) << before;  // measured: 16.6 to 29.1
}

TEST(StaticTrainer, SameBitsForAnyNumberOfThreads) {
    const auto truth = random_gaussians(22, {.count = 40, .sh_degree = 1});
    const auto views = views_of(to_cloud(converted<float>(truth)));
    const int threads = thread_count();
    std::vector<Cloud> results;
    for (const int n : {1, 3}) {
        omp_set_num_threads(n);
        StaticTrainer trainer(views, swept_points(views, 200, 1),
                              {.iterations = 40,
                               .sh_degree = 1,
                               .sh_every = 10,
                               .latents = 2,
                               .densify_from = 10,
                               .densify_every = 10});
        trainer.run();
        results.push_back(trainer.cloud());
    }
    omp_set_num_threads(threads);
    for (std::size_t i = 0; i < Cloud::kColumns; ++i) {
        EXPECT_TRUE(std::ranges::equal(results[0].columns()[i]->values<float>(),
                                       results[1].columns()[i]->values<float>()))
            << i;
    }
}

TEST(StaticTrainer, SaysHowFarItIs) {
    const auto views = views_of(to_cloud(converted<float>(random_gaussians(23, {.count = 10}))));
    StaticTrainer trainer(views, swept_points(views, 20, 1), {.iterations = 10, .sh_degree = 0});
    trainer.step();
    const TrainingStatus status = trainer.status();
    EXPECT_EQ(status.iteration, 1);
    EXPECT_TRUE(status.text().starts_with("loss 0.")) << status.text();
    EXPECT_TRUE(status.text().ends_with(" dB, 20 Gaussians")) << status.text();
}

TEST(StaticTrainer, RefusesWhatCannotBeLearnt) {
    const auto views = views_of(to_cloud(converted<float>(random_gaussians(1))));
    const Points points = swept_points(views, 10, 1);
    EXPECT_THROW(StaticTrainer({}, points), Error);
    EXPECT_THROW(StaticTrainer(views, {}), Error);
    EXPECT_THROW(StaticTrainer({{test_camera(), views[0].image}}, points), Error);
}

}  // namespace
}  // namespace longtake::gaussians
