#include "core/error.h"
#include "gaussians/train/cuda_adam.h"
#include "gaussians/train/cuda_photometric_loss.h"
#include "tests/core/cuda_testing.h"
#include "tests/gaussians/cuda_transfer.h"
#include "tests/gaussians/raster_testing.h"
#include "tests/gaussians/scenes.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

// Training's parts on the GPU against those on the CPU.
namespace longtake::gaussians {
namespace {

TEST(CudaPhotometricLoss, IsTheOracles) {
    LONGTAKE_NEEDS_GPU();
    const std::vector<std::pair<int64_t, int64_t>> sizes{{1, 1}, {9, 14}, {33, 65}, {100, 131}};
    const CudaStream stream;
    CudaPhotometricLoss loss(stream, 0.3);
    for (const auto& [h, w] : sizes) {
        const auto image = random_image<float>(1, h, w), picture = random_image<float>(2, h, w);
        const std::vector<double> exact(picture.begin(), picture.end());
        const LossTarget<double> oracle_target({image.begin(), image.end()}, h, w);
        PhotometricLoss<double> oracle(0.3);
        std::vector<double> by(picture.size());
        const PictureErrors expected = oracle.run(exact.data(), oracle_target, by.data());

        const CudaLossTarget target = loss.target(Tensor::from(image, {3, h, w}).to(Device::Cuda));
        Tensor by_picture;
        loss.run(Tensor::from(picture, {3, h, w}).to(Device::Cuda), target, by_picture);
        const PictureErrors errors = loss.errors();
        EXPECT_NEAR(errors.l1, expected.l1, 1e-6);
        EXPECT_NEAR(errors.mse, expected.mse, 1e-6);
        EXPECT_NEAR(errors.ssim, expected.ssim, 1e-5);
        EXPECT_NEAR(loss.loss(errors), oracle.loss(expected), 1e-5);
        EXPECT_LT(max_difference(values_of(target.mean), oracle_target.mean), 1e-6);
        EXPECT_LT(max_difference(values_of(target.variance), oracle_target.variance), 1e-6);
        const double largest = max_difference(by, std::vector<double>(by.size()));
        EXPECT_LT(max_difference(values_of(by_picture), by), 1e-4 * largest) << h << ' ' << w;
    }
}

TEST(CudaPhotometricLoss, RefusesWhatDoesNotFit) {
    LONGTAKE_NEEDS_GPU();
    const CudaStream stream;
    CudaPhotometricLoss loss(stream);
    const Tensor small = Tensor::from(random_image<float>(3, 5, 6), {3, 5, 6});
    const Tensor other = Tensor::from(random_image<float>(4, 6, 5), {3, 6, 5});
    Tensor by;
    EXPECT_THROW(loss.errors(), Error);
    EXPECT_THROW(loss.target(small), Error);  // on the CPU
    const CudaLossTarget target = loss.target(small.to(Device::Cuda));
    EXPECT_THROW(loss.run(other.to(Device::Cuda), target, by), Error);
}

TEST(CudaAdam, StepsAsTheCpuDoes) {
    LONGTAKE_NEEDS_GPU();
    for (const int degree : {0, 2}) {
        const int64_t count = 1001;  // columns that end within four values
        auto values = converted<float>(random_gaussians(5, {.count = count, .sh_degree = degree}));
        Cloud there = on_gpu(values);
        const LearningRates rates{1e-3, 5e-3, 1e-3, 5e-2, 2.5e-3, 1e-4};
        const CudaStream stream;
        Adam adam(count, degree);
        CudaAdam cuda_adam(stream, count, degree);
        for (unsigned step = 0; step < 5; ++step) {
            const auto gradient =
                converted<float>(random_gaussians(6 + step, {.count = count, .sh_degree = degree}));
            adam.step(values, gradient, rates);
            cuda_adam.step(there, on_gpu(gradient), rates);
            stream.synchronize();
        }
        const Attributes<float> moved = from_gpu(there);
        for (std::size_t c = 0; c < Attributes<float>::kColumns; ++c) {
            // Of steps of a rate each, and values of a few.
            EXPECT_LT(max_difference(*moved.columns()[c], *values.columns()[c]),
                      1e-4 * rates[c] + 2e-6)
                << c;
        }
        Cloud other = Cloud::sized(7, degree, Device::Cuda);
        EXPECT_THROW(cuda_adam.step(other, there, rates), Error);
    }
}

}  // namespace
}  // namespace longtake::gaussians
