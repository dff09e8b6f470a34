#include "tools/longtake/encode_moment.h"

#include "core/error.h"
#include "core/image.h"
#include "core/progress.h"
#include "gaussians/formats/cloud_file.h"
#include "gaussians/formats/points_file.h"
#include "gaussians/raster/render.h"
#include "gaussians/raster/to_image.h"
#include "gaussians/scene/camera_path.h"
#include "gaussians/train/swept_points.h"
#include "tools/longtake/device_option.h"
#include "tools/longtake/interrupt.h"
#include "tools/longtake/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <utility>

namespace longtake::cli {

using gaussians::TrainingView;

namespace {

void report(const EncodeOptions& o, const gaussians::Cloud& cloud, const Views& views,
            const gaussians::RenderOptions& render, double seconds, double gpu_mib) {
    fmt::print("{}: {} Gaussians in {:.0f} s, peak memory {:.0f} MiB{}\n", o.output, cloud.count(),
               seconds, peak_resident_mib(),
               gpu_mib > 0 ? fmt::format(" and {:.0f} MiB of the GPU", gpu_mib) : "");
    for (size_t i = 0; i < views.test.size(); ++i) {
        const gaussians::PictureErrors errors = gaussians::errors_of(cloud, views.test[i], render);
        fmt::print("{}, not learnt from: {:.2f} dB, SSIM {:.4f}\n", views.test_names[i],
                   errors.psnr(), errors.ssim);
    }
}

gaussians::Points thinned(const gaussians::Points& points, int64_t most) {
    gaussians::Points out;
    const int64_t kept = std::min(most, points.count());
    for (int64_t i = 0; i < kept; ++i) {
        const int64_t at = 3 * (i * points.count() / kept);
        out.positions.insert(out.positions.end(), points.positions.begin() + at,
                             points.positions.begin() + at + 3);
        out.colours.insert(out.colours.end(), points.colours.begin() + at,
                           points.colours.begin() + at + 3);
    }
    return out;
}

}  // namespace

Start read_start(const std::string& option) {
    constexpr int64_t kMost = 100'000'000;
    if (option.empty()) {
        return {};
    }
    if (std::filesystem::exists(option)) {
        return {.given = gaussians::read_points(option), .found = {}};
    }
    int64_t count = 0;
    const char* end = option.data() + option.size();
    const bool number = std::from_chars(option.data(), end, count).ptr == end;
    check_input(number && count > 0 && count <= kMost,
                "--points {}: neither a file nor a number up to {}", option, kMost);
    return {.given = {}, .found = count};
}

gaussians::Points first_points(const EncodeOptions& o, const Start& start,
                               const gaussians::Points& dataset,
                               const std::vector<TrainingView>& views) {
    constexpr int64_t kEnough = 500, kFound = 20000;
    if (start.given) {
        return thinned(*start.given, o.max_gaussians);
    }
    return !start.found && dataset.count() >= kEnough
               ? thinned(dataset, o.max_gaussians)
               : gaussians::swept_points(
                     views, std::min(start.found.value_or(kFound), o.max_gaussians), o.seed);
}

Tensor side_by_side(const gaussians::Cloud& cloud, const TrainingView& view,
                    const gaussians::RenderOptions& render) {
    const gaussians::Picture picture = gaussians::render(cloud, view.camera, render);
    const Tensor drawn = gaussians::to_image(picture.colour).to(Device::Cpu),
                 seen = view.image.to(Device::Cpu);
    const int64_t height = view.camera.height, row = view.camera.width * 3;
    Tensor both({height, 2 * view.camera.width, 3}, DType::U8);
    for (int64_t y = 0; y < height; ++y) {
        std::copy_n(seen.data<uint8_t>() + y * row, row, both.data<uint8_t>() + 2 * y * row);
        std::copy_n(drawn.data<uint8_t>() + y * row, row, both.data<uint8_t>() + (2 * y + 1) * row);
    }
    return both;
}

void learn_moment(const EncodeOptions& o, gaussians::StaticTrainer& trainer,
                  const gaussians::TrainingOptions& options, const TrainingView& watched) {
    const int64_t iterations = options.iterations;
    Progress progress("learn", iterations, {.unit = "iterations"});
    const int64_t tenth = std::max<int64_t>(1, iterations / 10);
    constexpr std::chrono::milliseconds kBetween(100);  // a GPU is waited for
    auto shown = std::chrono::steady_clock::now();
    int64_t since = 0;
    for (int64_t i = 1; i <= iterations && !interrupted(); ++i) {
        trainer.step();
        ++since;
        const auto now = std::chrono::steady_clock::now();
        if (now - shown >= kBetween || i == iterations) {
            progress.advance(std::exchange(since, 0), trainer.status().text());
            shown = now;
        }
        if (!o.preview.empty() && i % tenth == 0) {
            write_png(o.preview, side_by_side(trainer.cloud(), watched, options.render));
        }
    }
    progress.finish();
}

void encode_moment(const EncodeOptions& o) {
    const Device device = device_of(o.device);
    const Start begin = read_start(o.points);
    check_input(!begin.given || begin.given->count() > 0, "{}: it has no points", o.points);
    gaussians::Dataset dataset = gaussians::Dataset::open(o.dataset);
    const Views views = load_views(o, dataset, o.frame);

    const auto options = training_options(o, views.learnt.size());
    const auto free = [&] { return static_cast<double>(memory_of(device).free) / (1 << 20); };
    const double free_before = free();
    const auto start = std::chrono::steady_clock::now();
    gaussians::StaticTrainer trainer(
        views.learnt, first_points(o, begin, dataset.points(), views.learnt), options, device);
    learn_moment(o, trainer, options, views.watched());
    const gaussians::Cloud cloud = trainer.cloud().to(Device::Cpu);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    gaussians::write_cloud(o.output, cloud);
    gaussians::write_camera_path(gaussians::camera_path_of(o.output), cameras_of(dataset),
                                 options.render.near);
    report(o, cloud, views, options.render, seconds.count(),
           device == Device::Cuda ? free_before - free() : 0);
    if (interrupted()) {
        throw Interrupted{};
    }
}

}  // namespace longtake::cli
