#include "gaussians/train/view_loss.h"

#include "core/error.h"
#include "gaussians/raster/tiles.h"
#include "tests/gaussians/scenes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace longtake::gaussians {
namespace {

Cloud cloud_of(unsigned seed) {
    return to_cloud(converted<float>(random_gaussians(seed, {.count = 30, .sh_degree = 0})));
}

std::vector<Tensor> images_of(const std::vector<TrainingView>& views) {
    std::vector<Tensor> images;
    for (const TrainingView& view : views) {
        images.push_back(view.image);
    }
    return images;
}

double magnitude(const Tensor& tensor) {
    const auto values = tensor.values<float>();
    return std::accumulate(values.begin(), values.end(), 0.0,
                           [](double sum, float v) { return sum + std::abs(v); });
}

// Mean distance of a picture's colours from an image's.
double distance(const Cloud& cloud, const TrainingView& view) {
    const Tensor colour = render(cloud, view.camera).colour;
    const int64_t pixels = view.camera.width * view.camera.height;
    double sum = 0;
    for (int64_t i = 0; i < pixels; ++i) {
        double square = 0;
        for (int64_t c = 0; c < 3; ++c) {
            const double d = static_cast<double>(colour.data<float>()[c * pixels + i]) -
                             view.image.data<uint8_t>()[3 * i + c] / 255.0;
            square += d * d;
        }
        sum += std::sqrt(square);
    }
    return sum / static_cast<double>(pixels);
}

TEST(ViewLoss, TheChangeIsTheDifferenceOfTwoDistances) {
    Cloud cloud = cloud_of(1);
    const auto before = views_of(cloud_of(2)), now = views_of(cloud_of(3));
    const auto loss = ViewLoss::on(Device::Cpu, before, 0.2);
    GradientTensors gradient;
    EXPECT_THROW(loss->run_change(cloud, 1, {}, gradient), Error);
    loss->advance(images_of(now));
    loss->run_change(cloud, 1, {}, gradient);
    const auto change = [&] { return distance(cloud, now[1]) - distance(cloud, before[1]); };
    constexpr float kStep = 1e-3F;
    for (const std::size_t i : {0U, 7U, 40U}) {
        float& value = cloud.sh_dc.values<float>()[i];
        const float was = value;
        value = was + kStep;
        const double above = change();
        value = was - kStep;
        const double below = change();
        value = was;
        const double slope = (above - below) / (2 * static_cast<double>(kStep));
        EXPECT_NEAR(gradient.attributes.sh_dc.values<float>()[i], slope, 2e-5) << i;
    }
    // Of pictures that are the same twice, nothing at all.
    loss->advance(images_of(now));
    loss->run_change(cloud, 1, {}, gradient);
    EXPECT_EQ(magnitude(gradient.attributes.means), 0);
}

TEST(ViewLoss, OnlyTilesOfTheMaskCount) {
    const Cloud cloud = cloud_of(1);
    const auto views = views_of(cloud_of(2)), others = views_of(cloud_of(3));
    const auto loss = ViewLoss::on(Device::Cpu, views, 0.2);
    std::vector<uint8_t> left(12);  // of 4 x 3 tiles
    for (const std::size_t tile : {0U, 1U, 4U, 5U, 8U, 9U}) {
        left[tile] = 1;
    }
    GradientTensors gradient;
    loss->run(cloud, 0, {}, gradient);
    const double whole = magnitude(gradient.attributes.means);
    loss->mask(0, left);
    loss->run(cloud, 0, {}, gradient);
    const double masked = magnitude(gradient.attributes.means);
    EXPECT_LT(masked, 0.9 * whole);
    // What the right half shows plays no part.
    std::vector<Tensor> images = images_of(views);
    images[0] = images[0].clone();
    for (int64_t y = 0; y < 48; ++y) {
        std::copy_n(others[0].image.data<uint8_t>() + 3 * (64 * y + 32), 96,
                    images[0].data<uint8_t>() + 3 * (64 * y + 32));
    }
    loss->advance(images);
    loss->run(cloud, 0, {}, gradient);
    EXPECT_EQ(magnitude(gradient.attributes.means), masked);
    loss->mask(0, {});
    loss->run(cloud, 0, {}, gradient);
    EXPECT_NE(magnitude(gradient.attributes.means), whole);
    loss->mask(0, {1});
    EXPECT_THROW(loss->run(cloud, 0, {}, gradient), Error);
}

TEST(ViewLoss, CoveredTilesAreWholeCells) {
    Cloud cloud = cloud_of(1);
    TrainingView view{
        .camera = {.width = 100, .height = 60, .fx = 60, .fy = 60, .cx = 50, .cy = 30},
        .image = Tensor::zeros({60, 100, 3}, DType::U8)};
    const auto loss = ViewLoss::on(Device::Cpu, std::span(&view, 1), 0.2);
    for (Tensor* column : cloud.columns()) {
        *column = column->slice(0, 1);
    }
    // Small and opaque, in the third cell of the first row: 7 x 4 tiles are 3 x 2 cells.
    const std::vector<float> place{4.8F, -1, 6}, small{-3, -3, -3};
    std::ranges::copy(place, cloud.means.data<float>());
    std::ranges::copy(small, cloud.log_scales.data<float>());
    cloud.opacities.values<float>()[0] = 8;
    const std::vector<uint8_t> tiles = loss->covered(cloud, 0, {});
    EXPECT_EQ(tiles, (std::vector<uint8_t>{0, 0, 0, 0, 0, 0, 1,  //
                                           0, 0, 0, 0, 0, 0, 1,  //
                                           0, 0, 0, 0, 0, 0, 1,  //
                                           0, 0, 0, 0, 0, 0, 0}));
    cloud.opacities.values<float>()[0] = -0.5F;  // less than half of any pixel
    EXPECT_EQ(std::ranges::count(loss->covered(cloud, 0, {}), 1), 0);
}

TEST(ViewLoss, RefusesOtherPictures) {
    const auto views = views_of(cloud_of(2));
    const auto loss = ViewLoss::on(Device::Cpu, views, 0.2);
    std::vector<Tensor> images = images_of(views);
    images.pop_back();
    EXPECT_THROW(loss->advance(images), Error);
    images.push_back(Tensor::zeros({3, 4, 3}, DType::U8));
    EXPECT_THROW(loss->advance(images), Error);
}

}  // namespace
}  // namespace longtake::gaussians
