#include "tests/gaussians/bench/moving_scene.h"

#include "core/error.h"
#include "core/parallel.h"
#include "gaussians/raster/renderer.h"
#include "gaussians/raster/to_image.h"
#include "gaussians/scene/camera_path.h"
#include "gaussians/scene/extent.h"
#include "tests/gaussians/toyworld_views.h"
#include "tools/toyworld/toyworld.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <random>
#include <utility>

namespace longtake::gaussians {
namespace {

constexpr double kDc = 0.28209479177387814;  // colour = 0.5 + kDc dc
using Vec = std::array<double, 3>;

void add_view(const SceneSize& size, int v, TrainingView view, MovingScene& scene) {
    (v == size.views / 2 ? scene.seen : scene.frames.back()).push_back(std::move(view));
}

// ---- the splat's stage; y is down, the cameras look along z

Cloud concatenated(const std::vector<Cloud>& clouds) {
    int64_t count = 0;
    for (const Cloud& cloud : clouds) {
        count += cloud.count();
    }
    Cloud out = Cloud::sized(count, 0);
    for (std::size_t c = 0; c < Cloud::kColumns; ++c) {
        auto to = out.columns()[c]->values<float>().begin();
        for (const Cloud& cloud : clouds) {
            to = std::ranges::copy(cloud.columns()[c]->values<float>(), to).out;
        }
    }
    return out;
}

Cloud standing(const Cloud& splat) {
    const Extent extent = extent_of(splat);
    Cloud out = Cloud::sized(splat.count(), 0);
    std::ranges::copy(splat.rotations.values<float>(), out.rotations.data<float>());
    std::ranges::copy(splat.opacities.values<float>(), out.opacities.data<float>());
    std::ranges::copy(splat.sh_dc.values<float>(), out.sh_dc.data<float>());
    std::vector<float> heights;
    for (int64_t i = 0; i < splat.count(); ++i) {
        heights.push_back(splat.means.data<float>()[3 * i + 1]);
    }
    std::ranges::sort(heights);
    const auto at = [&](double share) {
        return heights[static_cast<std::size_t>(share * static_cast<double>(heights.size() - 1))];
    };
    const double feet = at(0.999), height = feet - at(0.001);
    for (int64_t i = 0; i < 3 * splat.count(); ++i) {
        const double from = i % 3 == 1 ? feet : extent.centre[static_cast<std::size_t>(i % 3)];
        out.means.data<float>()[i] =
            static_cast<float>((splat.means.data<float>()[i] - from) / height);
        out.log_scales.data<float>()[i] =
            splat.log_scales.data<float>()[i] - static_cast<float>(std::log(height));
    }
    return out;
}

// A floor and a wall of flat Gaussians, of pale colours that vary from one to the next.
Cloud floor_and_wall() {
    constexpr int kAcross = 120, kDeep = 60, kHigh = 60;
    constexpr double kCell = 0.06;
    Cloud out = Cloud::sized(kAcross * (kDeep + kHigh), 0);
    std::mt19937 engine(1);
    std::uniform_real_distribution<float> shade(-0.5F, 0.5F);
    for (int row = 0, i = 0; row < kDeep + kHigh; ++row) {
        const bool wall = row >= kDeep;
        for (int across = 0; across < kAcross; ++across, ++i) {
            const std::array<double, 3> at{kCell * (across - kAcross / 2),
                                           wall ? -kCell * (row - kDeep) : 0,
                                           wall ? 1.2 : 1.2 - kCell * row};
            const bool dark = (across / 8 + row / 8) % 2 == 0;
            for (std::size_t k = 0; k < 3; ++k) {
                const std::size_t thin = wall ? 2 : 1;
                out.means.data<float>()[3 * i + static_cast<int>(k)] = static_cast<float>(at[k]);
                out.log_scales.data<float>()[3 * i + static_cast<int>(k)] =
                    static_cast<float>(std::log(k == thin ? 0.002 : 0.6 * kCell));
                out.sh_dc.data<float>()[3 * i + static_cast<int>(k)] =
                    (dark ? -0.6F : 0.5F) + shade(engine);
            }
            const std::array<float, 4> still{1, 0, 0, 0};
            std::ranges::copy(still, out.rotations.data<float>() + 4 * i);
            out.opacities.data<float>()[i] = 4;
        }
    }
    return out;
}

struct Pose {
    Vec at{};
    double turn = 0;     // about the vertical
    double sway = 0;     // how far the head leans aside
    double opacity = 1;  // times
};

double smooth(double x) {
    x = std::clamp(x, 0., 1.);
    return x * x * (3 - 2 * x);
}

std::vector<Pose> poses_at(double time, int frames) {  // 0 to 1, of so many frames
    const double wave = std::sin(2 * std::numbers::pi * 2 * time);
    const double fade = 4. / frames;
    return {{.at = {-1.4, 0, 0.1}, .turn = 0.4},
            {.at = {-0.75 + 0.5 * time, 0, -0.3 + 0.2 * wave}, .turn = -0.5 + 2 * time},
            {.at = {0.3, 0, 0.3}, .turn = 1.2, .sway = 0.12 * wave},
            {.at = {0.9, 0, -0.1}, .turn = 2, .opacity = smooth((time - 1. / 3) / fade + 0.5)},
            {.at = {1.5 + 6 * std::pow(std::max(0., time - 2. / 3), 1.5), 0, 0.5}, .turn = -1}};
}

void place(Cloud& figure, const Pose& pose) {
    const double c = std::cos(pose.turn), s = std::sin(pose.turn);
    const double hc = std::cos(pose.turn / 2), hs = std::sin(pose.turn / 2);
    parallel_for(figure.count(), [&](int64_t i) {
        float* at = figure.means.data<float>() + 3 * i;
        const double height = -at[1], lean = pose.sway * height * height;
        const Vec moved{c * at[0] + s * at[2] + lean, at[1], -s * at[0] + c * at[2]};
        for (std::size_t k = 0; k < 3; ++k) {
            at[k] = static_cast<float>(moved[k] + pose.at[k]);
        }
        float* q = figure.rotations.data<float>() + 4 * i;  // (hc, 0, hs, 0) q
        const std::array<double, 4> turned{hc * q[0] - hs * q[2], hc * q[1] + hs * q[3],
                                           hc * q[2] + hs * q[0], hc * q[3] - hs * q[1]};
        std::ranges::transform(turned, q, [](double v) { return static_cast<float>(v); });
        float& logit = figure.opacities.data<float>()[i];
        const double opacity = pose.opacity / (1 + std::exp(-static_cast<double>(logit)));
        logit = pose.opacity < 1 ? static_cast<float>(std::log(std::max(opacity, 1e-6) /
                                                               (1 - std::min(opacity, 1 - 1e-6))))
                                 : logit;
    });
}

// A lamp to the left, whose light is another in every frame.
void light(Cloud& cloud, int frame) {
    std::mt19937 engine(static_cast<unsigned>(frame));
    const double flicker = std::uniform_real_distribution<double>(-0.15, 0.15)(engine);
    constexpr Vec kLamp{-1.8, -1.2, -0.6};
    parallel_for(cloud.count(), [&](int64_t i) {
        const float* at = cloud.means.data<float>() + 3 * i;
        double square = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            square += (at[k] - kLamp[k]) * (at[k] - kLamp[k]);
        }
        const double factor = 1 + flicker / (1 + square);
        for (int64_t k = 3 * i; k < 3 * i + 3; ++k) {
            float& dc = cloud.sh_dc.data<float>()[k];
            dc = static_cast<float>(((0.5 + kDc * dc) * factor - 0.5) / kDc);
        }
    });
}

Camera camera_at(int v, const SceneSize& size) {
    const double part = size.views > 1 ? static_cast<double>(v) / (size.views - 1) - 0.5 : 0;
    const double angle = 0.9 * part, distance = 3.8;
    // Those in turn stand higher and lower, as in two rows.
    return look_at(
        {distance * std::sin(angle), v % 2 == 0 ? -0.9 : -0.5, -distance * std::cos(angle) + 0.2},
        {0, -0.5, 0.2}, {0, -1, 0}, 0.65, size.width, size.height);
}

}  // namespace

MovingScene toyworld_scene(const SceneSize& size, uint64_t seed, Device device) {
    const auto [views, width, height, frames, whole] = size;
    const ltw_rig rig{.view_count = views, .fixed = 1, .spread = 1.2F};
    Tensor rgb({views, frames, height, width, 3}, DType::U8, device);
    std::vector<float> poses(static_cast<std::size_t>(16 * views * frames));
    std::vector<float> lenses(static_cast<std::size_t>(4 * views));
    int error = 0;
#ifdef LONGTAKE_CUDA
    if (device == Device::Cuda) {
        error = ltw_render_views_cuda(nullptr, seed, &rig, width, height, frames, 16, 4,
                                      rgb.data<uint8_t>(), nullptr, nullptr, poses.data(),
                                      lenses.data(), nullptr);
    } else
#endif
    {
        error = ltw_render_views_cpu(nullptr, seed, &rig, width, height, frames, 16, 4,
                                     rgb.data<uint8_t>(), nullptr, nullptr, poses.data(),
                                     lenses.data());
    }
    check(error == 0, "the toy world cannot be rendered");
    rgb = rgb.to(Device::Cpu);
    MovingScene scene;
    for (int t = 0; t < frames; ++t) {
        scene.frames.emplace_back();
        for (int v = 0; v < views; ++v) {
            const int64_t picture = v * frames + t;
            add_view(
                size, v,
                toyworld_view(width, height, rgb.data<uint8_t>() + 3 * width * height * picture,
                              poses.data() + 16 * picture, lenses.data() + 4 * v),
                scene);
        }
    }
    return scene;
}

SplatStage::SplatStage(const Cloud& splat, int whole)
    : whole_(whole), figure_(standing(splat)), stage_(floor_and_wall()) {}

Cloud SplatStage::at(int frame) const {
    std::vector<Cloud> all{stage_};
    for (const Pose& pose : poses_at(static_cast<double>(frame) / whole_, whole_)) {
        Cloud figure;
        for (std::size_t c = 0; c < Cloud::kColumns; ++c) {
            *figure.columns()[c] = figure_.columns()[c]->clone();
        }
        place(figure, pose);
        all.push_back(std::move(figure));
    }
    Cloud whole = concatenated(all);
    light(whole, frame);
    return whole;
}

MovingScene splat_scene(const Cloud& splat, const SceneSize& size, Device device) {
    const SplatStage stage(splat, size.whole);
    const auto renderer = Renderer::on(device);
    MovingScene scene;
    for (int t = 0; t < size.frames; ++t) {
        const Cloud cloud = stage.at(t).to(device);
        scene.frames.emplace_back();
        for (int v = 0; v < size.views; ++v) {
            const Camera camera = camera_at(v, size);
            const Tensor image = to_image(renderer->draw(cloud, camera).colour);
            add_view(size, v, {.camera = camera, .image = image.to(Device::Cpu)}, scene);
        }
    }
    return scene;
}

}  // namespace longtake::gaussians
