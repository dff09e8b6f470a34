#include "core/error.h"
#include "gaussians/raster/renderer.h"
#include "gaussians/train/cuda_photometric_loss.h"
#include "gaussians/train/static_trainer.h"
#include "gaussians/train/swept_points.h"
#include "tests/core/cuda_testing.h"
#include "tests/gaussians/cuda_transfer.h"
#include "tests/gaussians/fixed_testing.h"
#include "tests/gaussians/raster_testing.h"
#include "tests/gaussians/residual_scenes.h"
#include "tests/gaussians/scenes.h"
#include "tests/gaussians/training_testing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
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

std::vector<AdamColumn> columns_of(const Cloud& values, const Cloud& gradient) {
    constexpr std::array<double, Cloud::kColumns> kRates{1e-3, 5e-3, 1e-3, 5e-2, 2.5e-3, 1e-4};
    std::vector<AdamColumn> columns;
    for (std::size_t c = 0; c < Cloud::kColumns; ++c) {
        columns.push_back({*values.columns()[c], *gradient.columns()[c], kRates[c]});
    }
    return columns;
}

// Of steps of a rate each, and values of a few.
void expect_near(const Cloud& there, const Cloud& here, double tolerance) {
    for (std::size_t c = 0; c < Cloud::kColumns; ++c) {
        EXPECT_LT(max_difference(values_of(*there.columns()[c]), values_of(*here.columns()[c])),
                  tolerance)
            << c;
    }
}

Tensor int32_on_gpu(const std::vector<int32_t>& values) {
    Tensor here({std::ssize(values)}, DType::I32);
    std::ranges::copy(values, here.data<int32_t>());
    return here.to(Device::Cuda);
}

TEST(CudaAdam, StepsAndGathersAsTheCpuDoes) {
    LONGTAKE_NEEDS_GPU();
    for (const int degree : {0, 2}) {
        const int64_t count = 1001;  // columns that end within four values
        const SceneOptions scene{.count = count, .sh_degree = degree};
        const Cloud here = to_cloud(converted<float>(random_gaussians(5, scene)));
        const Cloud there = here.to(Device::Cuda);
        const CudaStream stream;
        Adam adam, cuda_adam(stream);
        std::vector<int32_t> rows(static_cast<std::size_t>(count));
        for (std::size_t i = 0; i < rows.size(); ++i) {
            rows[i] = i % 7 == 0 ? -1 : static_cast<int32_t>(i * 13 % rows.size());
        }
        const Tensor there_rows = int32_on_gpu(rows);
        for (unsigned step = 0; step < 6; ++step) {
            const Cloud gradient = to_cloud(converted<float>(random_gaussians(6 + step, scene)));
            const Cloud there_gradient = gradient.to(Device::Cuda);
            adam.step(columns_of(here, gradient));
            cuda_adam.step(columns_of(there, there_gradient));
            if (step == 3) {
                adam.gather(there_rows.to(Device::Cpu), Cloud::kColumns);
                cuda_adam.gather(there_rows, Cloud::kColumns);
            }
            stream.synchronize();
        }
        expect_near(there, here, 5e-6);
        const Cloud other = Cloud::sized(7, degree, Device::Cuda);
        EXPECT_THROW(cuda_adam.step(columns_of(other, there)), Error);
    }
}

TEST(CudaDensity, ObservesAndScattersAsTheCpuDoes) {
    LONGTAKE_NEEDS_GPU();
    const SceneOptions scene{.count = 777, .sh_degree = 0};
    Cloud here = to_cloud(converted<float>(random_gaussians(31, scene)));
    Cloud there = here.to(Device::Cuda);
    const CudaStream stream;
    DensityControl density({.gradient = 1}), cuda_density({.gradient = 1}, stream);
    for (unsigned view = 0; view < 3; ++view) {
        auto screen = random_image<float>(view, 1, 518);  // 1554 = 2 x 777 values
        GradientTensors gradient = screen_gradient(screen);
        for (int i = 0; i < 777; i += 5) {
            gradient.tiles.data<int32_t>()[i] = 0;
        }
        density.observe(gradient);
        cuda_density.observe({.attributes = {},
                              .screen = gradient.screen.to(Device::Cuda),
                              .screen_magnitude = {},
                              .tiles = gradient.tiles.to(Device::Cuda)});
        stream.synchronize();
    }
    const Regrowth rows = density.run(here, 10), cuda_rows = cuda_density.run(there, 10);
    EXPECT_GT(rows.count(), 777);
    EXPECT_EQ(rows.sources, cuda_rows.sources);
    EXPECT_EQ(rows.spread, cuda_rows.spread);

    const Tensor spread = Tensor::from(random_image<float>(8, 1, 259), {777});
    const Tensor scaling = Tensor::from(random_image<float>(9, 1, 259), {777});
    scatter(here, spread, scaling, 11);
    scatter(there, spread.to(Device::Cuda), scaling.to(Device::Cuda), 11, stream);
    stream.synchronize();
    expect_near(there, here, 1e-6);
}

TEST(CudaMcmc, CostsAndNoiseAreTheCpus) {
    LONGTAKE_NEEDS_GPU();
    const SceneOptions scene{.count = 777, .sh_degree = 0, .opacity = -5};
    Cloud here = to_cloud(converted<float>(random_gaussians(32, scene)));
    Cloud there = here.to(Device::Cuda);
    Cloud slope = to_cloud(converted<float>(random_gaussians(33, scene)));
    Cloud there_slope = slope.to(Device::Cuda);
    const CudaStream stream;
    const Mcmc mcmc({}), cuda_mcmc({}, stream);
    mcmc.add_costs(here, slope);
    cuda_mcmc.add_costs(there, there_slope);
    mcmc.perturb(here, 1e-4, 3);
    cuda_mcmc.perturb(there, 1e-4, 3);
    stream.synchronize();
    expect_near(there_slope, slope, 1e-6);
    expect_near(there, here, 1e-5);
    std::mt19937_64 engine(4), cuda_engine(4);
    const Regrowth rows = mcmc.run(here, engine), cuda_rows = cuda_mcmc.run(there, cuda_engine);
    EXPECT_GT(rows.count(), 777);
    EXPECT_EQ(rows.sources, cuda_rows.sources);
}

TEST(CudaLatents, AreTheCpus) {
    LONGTAKE_NEEDS_GPU();
    for (const auto& [count, width, features] :
         {std::array<int64_t, 3>{1, 2, 9}, {3001, 4, 24}, {40000, 12, 45}, {70000, 8, 3}}) {
        Latents here = Latents::start(count, width, features, 0.1, Device::Cpu, 5);
        const auto values = random_image<float>(6, width, count);
        for (int64_t i = 0; i < width * count; ++i) {
            here.values.data<float>()[i] = 8 * values[static_cast<std::size_t>(i)] - 4;
        }
        const auto random = [](unsigned seed, const Shape& shape) {
            auto image = random_image<float>(seed, 1, shape.count());
            image.resize(static_cast<std::size_t>(shape.count()));
            return Tensor::from(image, shape);
        };
        const Tensor by = random(7, {count, features});
        const LatentContext context{.before = random(8, {count, features}),
                                    .gates = random(9, {count})};
        const Latents there{.values = here.values.to(Device::Cuda),
                            .matrix = here.matrix.to(Device::Cuda),
                            .shift = here.shift.to(Device::Cuda)};
        const LatentContext there_context{.before = context.before.to(Device::Cuda),
                                          .gates = context.gates.to(Device::Cuda)};
        const CudaStream stream;
        Tensor column({count, features}, DType::F32), by_gates = random(10, {count});
        Tensor there_column({count, features}, DType::F32, Device::Cuda);
        Tensor there_by_gates = by_gates.to(Device::Cuda);
        Latents gradient, there_gradient;
        decode_latents(here, context, column);
        decode_latents(there, there_context, there_column, stream);
        decode_latents_backward(here, context, by, gradient, &by_gates);
        decode_latents_backward(there, there_context, by.to(Device::Cuda), there_gradient,
                                &there_by_gates, stream);
        stream.synchronize();
        EXPECT_LT(max_difference(values_of(there_column), values_of(column)), 1e-5);
        EXPECT_LT(max_difference(values_of(there_gradient.values), values_of(gradient.values)),
                  1e-5);
        EXPECT_LT(max_difference(values_of(there_by_gates), values_of(by_gates)), 1e-5);
        // Sums of `count` values around 1.
        const double sums = 2e-6 * static_cast<double>(count) + 1e-6;
        EXPECT_LT(max_difference(values_of(there_gradient.matrix), values_of(gradient.matrix)),
                  sums);
        EXPECT_LT(max_difference(values_of(there_gradient.shift), values_of(gradient.shift)), sums);
    }
}

// One iteration is that of the CPU; many learn as well.
void expect_learns_as_the_cpu(TrainingOptions options) {
    const auto truth = random_gaussians(21, {.count = 60, .sh_degree = 1, .scale = 0.2});
    const auto views = views_of(to_cloud(converted<float>(truth)));
    const Points points = swept_points(views, 300, 1);
    StaticTrainer here(views, points, options), there(views, points, options, Device::Cuda);
    here.step();
    there.step();
    EXPECT_NEAR(here.status().loss, there.status().loss, 1e-6);
    expect_near(there.cloud(), here.cloud(), 1e-3);  // steps of Adam by next to nothing may differ
    here.run();
    there.run();
    const TrainingStatus cpu = here.status(), gpu = there.status();
    EXPECT_EQ(gpu.iteration, options.iterations);
    const double before = errors_of(to_cloud(gaussians_at(points, 1)), views[2]).psnr();
    const double psnr = errors_of(there.cloud(), views[2]).psnr();
    EXPECT_GT(psnr, before + 8);
    EXPECT_NEAR(psnr, errors_of(here.cloud(), views[2]).psnr(), 1);
    EXPECT_NEAR(static_cast<double>(gpu.gaussians), static_cast<double>(cpu.gaussians),
                0.1 * static_cast<double>(cpu.gaussians));
}

TEST(CudaStaticTrainer, LearnsAsTheCpuDoes) {
    LONGTAKE_NEEDS_GPU();
    TrainingOptions options{.iterations = 300,
                            .sh_degree = 1,
                            .sh_every = 50,
                            .latents = 2,
                            .densify_from = 60,
                            .densify_every = 30};
    expect_learns_as_the_cpu(options);
    options.latents = 0;
    options.mcmc = McmcOptions{.max_gaussians = 500};
    expect_learns_as_the_cpu(options);
}

TEST(CudaViewLoss, SeesWhatTheCpuDoes) {
    LONGTAKE_NEEDS_GPU();
    const SceneViews before = views_at(0), now = views_at(2);
    const Cloud here = scene_at(1), there = here.to(Device::Cuda);
    const auto loss = ViewLoss::on(Device::Cpu, before.learnt, 0.2);
    const auto cuda_loss = ViewLoss::on(Device::Cuda, before.learnt, 0.2);
    GradientTensors gradient, cuda_gradient;
    const auto expect_same = [&] {
        synchronize(Device::Cuda, cuda_loss->stream());
        const Cloud& by = gradient.attributes;
        for (std::size_t c = 0; c < Cloud::kColumns; ++c) {
            const auto expected = values_of(*by.columns()[c]);
            const double largest = max_difference(expected, std::vector<float>(expected.size()));
            EXPECT_LT(max_difference(values_of(*cuda_gradient.attributes.columns()[c]), expected),
                      1e-4 * largest + 1e-9)
                << c;
        }
    };
    loss->advance(now.images());
    cuda_loss->advance(now.images());
    loss->run_change(here, 1, {}, gradient);
    cuda_loss->run_change(there, 1, {}, cuda_gradient);
    expect_same();
    std::vector<uint8_t> tiles = loss->covered(here, 1, {});
    EXPECT_EQ(tiles, cuda_loss->covered(there, 1, {}));
    tiles[0] = tiles[5] = 0;
    loss->mask(1, tiles);
    cuda_loss->mask(1, tiles);
    loss->run(here, 1, {}, gradient);
    cuda_loss->run(there, 1, {}, cuda_gradient);
    expect_same();
    EXPECT_NEAR(cuda_loss->errors().l1, loss->errors().l1, 1e-6);
}

TEST(CudaResidualTrainer, LearnsAsTheCpuDoes) {
    LONGTAKE_NEEDS_GPU();
    const FixedCloud first = fixed_of(scene_at(0));
    for (const bool everything : {false, true}) {
        const ResidualOptions options{.gates = everything ? GateStart::Robust : GateStart::Median,
                                      .gate_latents = everything,
                                      .pool = everything ? 0.05 : 0,
                                      .density = {.gradient = 0.05, .min_opacity = 0.01},
                                      .remove_dead = everything};
        ResidualTrainer here(views_at(0).learnt, first, kSceneExtent, options);
        ResidualTrainer there(views_at(0).learnt, first, kSceneExtent, options, Device::Cuda);
        for (const int frame : {1, 2, 3}) {
            const FixedCloud before = there.state().to(Device::Cpu);
            const std::vector<Tensor> images = views_at(frame).images();
            here.next(images);
            Residual residual = *there.next(images);
            for (Tensor* column : {&residual.means, &residual.rest, &residual.log_scales.latents,
                                   &residual.rotations.latents, &residual.opacities.latents,
                                   &residual.sh_dc.latents}) {
                *column = column->to(Device::Cpu);
            }
            EXPECT_TRUE(same(advance(before, residual), there.state())) << frame;
        }
        const TrainingView seen = views_at(3).held_out;
        const double still = errors_of(scene_at(0), seen).psnr();
        const double cpu = errors_of(to_cloud(here.state()), seen).psnr();
        const double gpu = errors_of(to_cloud(there.state()), seen).psnr();
        EXPECT_GT(gpu, still + 6);
        EXPECT_NEAR(gpu, cpu, 1.5);
        EXPECT_EQ(here.last().masked, there.last().masked);
        EXPECT_NEAR(static_cast<double>(there.last().gaussians),
                    static_cast<double>(here.last().gaussians),
                    0.1 * static_cast<double>(here.last().gaussians));
    }
}

TEST(CudaRenderer, DrawsWhatTheCpuDoes) {
    LONGTAKE_NEEDS_GPU();
    const Cloud cloud = to_cloud(converted<float>(random_gaussians(3)));
    const Camera camera = test_camera();
    const Picture here = render(cloud, camera), there = render(cloud.to(Device::Cuda), camera);
    EXPECT_LT(max_difference(values_of(there.colour), values_of(here.colour)), 1e-4);
    const Tensor image = to_image(there.colour).to(Device::Cpu), expected = to_image(here.colour);
    for (int64_t i = 0; i < image.count(); ++i) {
        EXPECT_NEAR(image.data<uint8_t>()[i], expected.data<uint8_t>()[i], 1) << i;
    }
    EXPECT_THROW(Renderer::on(Device::Cuda)->draw(cloud, camera), Error);  // it is on the CPU
}

}  // namespace
}  // namespace longtake::gaussians
