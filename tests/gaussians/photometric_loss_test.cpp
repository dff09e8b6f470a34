#include "gaussians/train/photometric_loss.h"

#include "core/error.h"
#include "core/parallel.h"
#include "tests/gaussians/raster_testing.h"
#include "tests/gaussians/scenes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace longtake::gaussians {
namespace {

constexpr int64_t kHeight = 9, kWidth = 14;

TEST(PhotometricLoss, IsNothingBetweenEquals) {
    const auto image = random_image<double>(1, kHeight, kWidth);
    const LossTarget<double> target(image, kHeight, kWidth);
    PhotometricLoss<double> loss;
    std::vector<double> by(image.size());
    const PictureErrors errors = loss.run(image.data(), target, by.data());
    EXPECT_NEAR(errors.ssim, 1, 1e-12);
    EXPECT_NEAR(loss.loss(errors), 0, 1e-12);
    EXPECT_LT(max_difference(by, std::vector<double>(by.size())), 1e-12);
}

TEST(PhotometricLoss, GradientIsItsSlope) {
    auto picture = random_image<double>(2, kHeight, kWidth);
    const LossTarget<double> target(random_image<double>(3, kHeight, kWidth), kHeight, kWidth);
    PhotometricLoss<double> loss(0.4);
    std::vector<double> by(picture.size()), unused(picture.size());
    loss.run(picture.data(), target, by.data());
    const auto at = [&](std::size_t i, double value) {
        const double kept = std::exchange(picture[i], value);
        const double result = loss.loss(loss.run(picture.data(), target, unused.data()));
        picture[i] = kept;
        return result;
    };
    for (std::size_t i = 0; i < picture.size(); ++i) {
        const double step = 1e-6, v = picture[i];
        EXPECT_NEAR(by[i], (at(i, v + step) - at(i, v - step)) / (2 * step), 1e-9) << i;
    }
}

// From the attributes of Gaussians through the picture to the loss.
TEST(PhotometricLoss, GradientReachesTheGaussians) {
    const Camera camera = test_camera();
    auto gaussians = random_gaussians(15, {.count = 6, .sh_degree = 2, .scale = 0.3});
    const LossTarget<double> target(random_image<double>(4, camera.height, camera.width),
                                    camera.height, camera.width);
    PhotometricLoss<double> loss;
    PlanarPicture<double> by(camera.height, camera.width);
    const auto value = [&] {
        return loss.loss(
            loss.run(picture_of(gaussians, camera).colour.data(), target, by.colour.data()));
    };
    value();
    const auto gradient = gradient_of(gaussians, camera, {}, by);
    std::size_t checked = 0, missed = 0;
    for (std::size_t c = 0; c < gaussians.kColumns; ++c) {
        auto& column = *gaussians.columns()[c];
        for (std::size_t i = 0; i < column.size(); ++i) {
            const double step = 1e-6, v = column[i];
            column[i] = v + step;
            const double above = value();
            column[i] = v - step;
            const double slope = (above - value()) / (2 * step);
            column[i] = v;
            const double expected = (*gradient.attributes.columns()[c])[i];
            missed += std::abs(slope - expected) > 1e-7 + 1e-5 * std::abs(expected);
            ++checked;
        }
    }
    // The picture jumps where an alpha passes 1/255: few steps meet that.
    EXPECT_LE(missed, checked / 100) << "of " << checked;
}

TEST(PhotometricLoss, SameBitsForAnyNumberOfThreads) {
    const LossTarget<float> target(random_image<float>(5, 50, 70), 50, 70);
    const auto picture = random_image<float>(6, 50, 70);
    const int threads = thread_count();
    std::vector<std::vector<float>> by(2, std::vector<float>(picture.size()));
    std::vector<double> losses;
    for (const int n : {1, 3}) {
        omp_set_num_threads(n);
        PhotometricLoss<float> loss;
        losses.push_back(loss.loss(loss.run(picture.data(), target, by[losses.size()].data())));
    }
    omp_set_num_threads(threads);
    EXPECT_EQ(losses[0], losses[1]);
    EXPECT_EQ(by[0], by[1]);
}

// Every kernel that this machine can run.
TEST(PhotometricLoss, KernelsAgree) {
    const LossTarget<float> target(random_image<float>(7, 20, 37), 20, 37);
    const auto picture = random_image<float>(8, 20, 37);
    std::vector<std::vector<float>> by;
    std::vector<double> losses;
    for (const LossKernel<float>* kernel : loss_kernels<float>()) {
        PhotometricLoss<float> loss(0.2, *kernel);
        by.emplace_back(picture.size());
        losses.push_back(loss.loss(loss.run(picture.data(), target, by.back().data())));
        EXPECT_NEAR(losses.back(), losses[0], 1e-6);
        EXPECT_LT(max_difference(by.back(), by[0]), 1e-8);  // of 1e-3
    }
}

TEST(PhotometricLoss, RefusesATargetOfAnotherSize) {
    EXPECT_THROW(LossTarget<float>(std::vector<float>(10), 2, 2), Error);
}

}  // namespace
}  // namespace longtake::gaussians
