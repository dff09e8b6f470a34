#include "gaussians/train/residual_trainer.h"
#include "tests/gaussians/toyworld_views.h"

#include <gtest/gtest.h>

#include <vector>

namespace longtake::gaussians {
namespace {

// The whole way from pictures to a view that no camera had.
TEST(Toyworld, AHeldOutViewIsFound) {
    const ToyworldViews views = toyworld_views(1);
    StaticTrainer trainer(views.training, swept_points(views.training, kToyworldPoints, 1),
                          toyworld_options(300));
    trainer.run();
    EXPECT_GT(errors_of(trainer.cloud(), views.held_out).psnr(), 34);  // measured: 36.2
}

// Three solids roll, as far in a frame as a twentieth of the picture.
TEST(Toyworld, AMovingSceneIsFollowed) {
    constexpr uint64_t kSeed = 3;
    const ToyworldViews first = toyworld_views(kSeed, 128, 72);
    TrainingOptions options = toyworld_options(300);
    options.latents = 2;
    StaticTrainer trainer(first.training, swept_points(first.training, 2000, 1), options);
    trainer.run();
    const double extent = trainer.extent();
    const FixedCloud still = to_fixed(trainer.cloud(), trainer.latents(), mean_step_of(extent));
    for (const ResidualOptions& preset : {queen_residuals(10), compact_residuals(10)}) {
        ResidualTrainer frames(first.training, still, extent, preset);
        TrainingView seen;
        for (const std::size_t frame : {1U, 2U, 3U}) {
            const ToyworldViews views = toyworld_views(kSeed, 128, 72, frame);
            std::vector<Tensor> images;
            for (const TrainingView& view : views.training) {
                images.push_back(view.image);
            }
            frames.next(images);
            seen = views.held_out;
        }
        const double before = errors_of(to_cloud(still), seen).psnr();
        const double after = errors_of(to_cloud(frames.state()), seen).psnr();
        EXPECT_GT(after, before + 7) << before;  // measured: 11.0 and 10.3 more
    }
}

}  // namespace
}  // namespace longtake::gaussians
