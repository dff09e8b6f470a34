#include "gaussians/train/adam.h"
#include "gaussians/train/photometric_loss.h"
#include "tests/gaussians/raster_reference.h"
#include "tests/gaussians/raster_testing.h"
#include "tests/gaussians/scenes.h"

#include <gtest/gtest.h>

#include <algorithm>

// Against gsplat's PyTorch functions, PyTorch's convolution and torch.optim.Adam: see
// tests/fixtures/make_raster_fixtures.py.
namespace longtake::gaussians {
namespace {

class Reference : public testing::Test, protected RasterReference {
  protected:
    // Bounds: of the picture, and of gradients relative to the largest of their kind.
    template <typename Scalar> void expect_picture(double picture_bound, double gradient_bound) {
        const auto g = gaussians<Scalar>();
        const RenderOptions options{.background = {0.2F, 0.5F, 0.3F}};
        const auto picture = picture_of(g, camera(), options);
        EXPECT_LT(max_difference(picture.colour, values<double>("colour")), picture_bound);
        EXPECT_LT(max_difference(picture.alpha, values<double>("alpha")), picture_bound);
        EXPECT_LT(max_difference(picture.depth, values<double>("depth")), 5 * picture_bound);
        PlanarPicture<Scalar> by(camera().height, camera().width);
        by.colour = wave<Scalar>(by.colour.size(), 0.7);
        by.alpha = wave<Scalar>(by.alpha.size(), 1.1);
        by.depth = wave<Scalar>(by.depth.size(), 1.7);
        const auto gradient = gradient_of(g, camera(), options, by);
        const auto expected = gaussians<double>("by_");
        for (std::size_t i = 0; i < expected.kColumns; ++i) {
            const auto& column = *expected.columns()[i];
            const double largest = max_difference(column, std::vector<double>(column.size()));
            EXPECT_LT(max_difference(*gradient.attributes.columns()[i], column),
                      gradient_bound * largest)
                << i;
        }
    }

    template <typename Scalar> void expect_ssim(double bound) {
        const auto picture = values<Scalar>("colour");
        auto truth = wave<Scalar>(picture.size(), 0.05);
        for (Scalar& v : truth) {
            v = static_cast<Scalar>(0.5 + 0.4 * static_cast<double>(v));
        }
        const LossTarget<Scalar> target(truth, camera().height, camera().width);
        PhotometricLoss<Scalar> loss;
        std::vector<Scalar> by(picture.size());
        const PictureErrors errors = loss.run(picture.data(), target, by.data());
        EXPECT_NEAR(errors.ssim, values<double>("ssim")[0], bound);
        EXPECT_NEAR(loss.loss(errors), values<double>("loss")[0], bound);
        const auto expected = values<double>("by_ssim_picture");
        const double largest = max_difference(expected, std::vector<double>(expected.size()));
        EXPECT_LT(max_difference(by, expected), bound * largest);
    }
};

TEST_F(Reference, PictureAndGradientsAreGsplats) {
    // Measured: fp64 4e-8 and 2e-8, the rounding of the file; fp32 3e-7 and 3e-6.
    expect_picture<double>(1e-6, 1e-6);
    expect_picture<float>(1e-5, 1e-4);
}

TEST_F(Reference, LossIsPyTorchs) {
    // Measured: fp64 8e-10 and 4e-8, fp32 3e-8 and 6e-7.
    expect_ssim<double>(1e-6);
    expect_ssim<float>(1e-5);
}

TEST_F(Reference, AdamIsPyTorchs) {
    Tensor parameters = Tensor::from(wave<float>(8, 0.3), {8});
    Adam adam;
    for (int step = 0; step < 6; ++step) {
        auto gradient = wave<float>(8, 0.5 + step);
        for (float& v : gradient) {
            v *= 1e-4F;
        }
        adam.step(std::vector<AdamColumn>{{parameters, Tensor::from(gradient, {8}), 0.02}});
    }
    const auto moved = parameters.values<float>();
    EXPECT_LT(max_difference(std::vector<float>(moved.begin(), moved.end()), values<float>("adam")),
              1e-6);  // measured: 3e-8
}

}  // namespace
}  // namespace longtake::gaussians
