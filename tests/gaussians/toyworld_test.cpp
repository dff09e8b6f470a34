#include "tests/gaussians/toyworld_views.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace longtake::gaussians
