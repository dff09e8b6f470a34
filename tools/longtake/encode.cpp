#include "core/error.h"
#include "core/image.h"
#include "core/progress.h"
#include "gaussians/formats/cloud_file.h"
#include "gaussians/formats/points_file.h"
#include "gaussians/raster/render.h"
#include "gaussians/raster/to_image.h"
#include "gaussians/scene/camera_path.h"
#include "gaussians/scene/dataset.h"
#include "gaussians/train/static_trainer.h"
#include "gaussians/train/swept_points.h"
#include "tools/longtake/commands.h"
#include "tools/longtake/device_option.h"
#include "tools/longtake/interrupt.h"
#include "tools/longtake/machine.h"
#include "tools/longtake/output_path.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace longtake::cli {
namespace {

using gaussians::TrainingView;

struct EncodeOptions {
    std::string dataset, output = "scene.ply", points, preview, device = "auto";
    std::vector<std::string> test;
    int64_t frame = 0, iterations = 0, max_gaussians = 400'000;
    double scale = 1;
    int degree = 2;
    std::optional<int64_t> latents;
    std::optional<double> near;
    bool sampling = false;
    uint64_t seed = 1;
};

struct Views {
    std::vector<TrainingView> learnt, test;
    std::vector<std::string> test_names;
};

void check_views(const EncodeOptions& o, const gaussians::Dataset& dataset) {
    std::vector<std::string> names;
    for (size_t i = 0; i < dataset.view_count(); ++i) {
        names.push_back(dataset.name(i));
    }
    for (const std::string& test : o.test) {
        check_input(std::ranges::count(names, test) > 0, "--test {}: {} has {}", test, o.dataset,
                    fmt::join(names, ", "));
    }
    check_input(names.size() >= o.test.size() + 2,
                "{}: {} views are left to learn from; two are the least", o.dataset,
                names.size() - o.test.size());
}

Views load_views(const EncodeOptions& o, gaussians::Dataset& dataset) {
    check_views(o, dataset);
    Views views;
    Progress progress("load", static_cast<int64_t>(dataset.view_count()), {.unit = "views"});
    for (size_t i = 0; i < dataset.view_count(); ++i) {
        const gaussians::Camera& whole = dataset.camera(i);
        const auto image = dataset.image(i, o.frame);
        check_input(image.has_value(), "{}: {} has no frame {}", o.dataset, dataset.name(i),
                    o.frame);
        const auto scaled = [&](int64_t extent) {
            return std::max<int64_t>(1, std::llround(o.scale * static_cast<double>(extent)));
        };
        TrainingView view{.camera = whole.resized(scaled(whole.width), scaled(whole.height)),
                          .image = {}};
        view.image = resize_and_crop(*image, view.camera.height, view.camera.width);
        const bool test = std::ranges::count(o.test, dataset.name(i)) > 0;
        (test ? views.test : views.learnt).push_back(std::move(view));
        if (test) {
            views.test_names.push_back(dataset.name(i));
        }
        progress.advance(1);
    }
    return views;
}

// What --points says: a file's points, or how many to find in the views.
struct Start {
    std::optional<gaussians::Points> given;
    std::optional<int64_t> found;
};

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

// As --points says; else the dataset's own, or found in the views where it has hardly any.
gaussians::Points first_points(const Start& start, const gaussians::Dataset& dataset,
                               const std::vector<TrainingView>& views, uint64_t seed) {
    constexpr int64_t kEnough = 500, kFound = 20000;
    if (start.given) {
        return *start.given;
    }
    return !start.found && dataset.points().count() >= kEnough
               ? dataset.points()
               : gaussians::swept_points(views, start.found.value_or(kFound), seed);
}

gaussians::TrainingOptions training_options(const EncodeOptions& o, size_t views) {
    auto options = gaussians::queen_schedule(static_cast<int64_t>(views), o.iterations);
    options.sh_degree = o.degree;
    options.latents = o.latents.value_or(gaussians::queen_latents(o.degree));
    options.density.max_gaussians = o.max_gaussians;
    options.seed = o.seed;
    options.render.near = o.near.value_or(options.render.near);
    if (o.sampling) {
        options.mcmc = gaussians::McmcOptions{.max_gaussians = o.max_gaussians};
    }
    return options;
}

// What the camera saw, and beside it what the scene shows it.
Tensor side_by_side(const gaussians::Cloud& cloud, const TrainingView& view,
                    const gaussians::RenderOptions& render) {
    const gaussians::Picture picture = gaussians::render(cloud, view.camera, render);
    const Tensor drawn = gaussians::to_image(picture.colour).to(Device::Cpu);
    const int64_t height = view.camera.height, row = view.camera.width * 3;
    Tensor both({height, 2 * view.camera.width, 3}, DType::U8);
    for (int64_t y = 0; y < height; ++y) {
        std::copy_n(view.image.data<uint8_t>() + y * row, row, both.data<uint8_t>() + 2 * y * row);
        std::copy_n(drawn.data<uint8_t>() + y * row, row, both.data<uint8_t>() + (2 * y + 1) * row);
    }
    return both;
}

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

std::vector<gaussians::Camera> cameras_of(const gaussians::Dataset& dataset) {
    std::vector<gaussians::Camera> cameras;
    for (size_t i = 0; i < dataset.view_count(); ++i) {
        cameras.push_back(dataset.camera(i));
    }
    return cameras;
}

// Learns, showing how far it is, until the end or Ctrl-C.
void learn(const EncodeOptions& o, gaussians::StaticTrainer& trainer,
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

void run(const EncodeOptions& o) {
    check_input(gaussians::is_cloud_name(o.output),
                "-o {}: a moment is written as .ply or .spz; streams are not built yet", o.output);
    check_writable("-o", o.output);
    check_writable("--preview", o.preview);
    const Device device = device_of(o.device);
    const Start begin = read_start(o.points);
    check_input(!begin.given || begin.given->count() > 0, "{}: it has no points", o.points);
    gaussians::Dataset dataset = gaussians::Dataset::open(o.dataset);
    const Views views = load_views(o, dataset);
    const TrainingView& watched = views.test.empty() ? views.learnt[0] : views.test[0];

    const auto options = training_options(o, views.learnt.size());
    const auto free = [&] { return static_cast<double>(memory_of(device).free) / (1 << 20); };
    const double free_before = free();
    const auto start = std::chrono::steady_clock::now();
    gaussians::StaticTrainer trainer(
        views.learnt, first_points(begin, dataset, views.learnt, o.seed), options, device);
    learn(o, trainer, options, watched);
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

}  // namespace

void add_encode(CLI::App& app) {
    auto o = std::make_shared<EncodeOptions>();
    auto* command =
        app.add_subcommand("encode", "Learn a moment of a capture by several cameras as Gaussians");
    command
        ->add_option(
            "DATASET", o->dataset,
            "Folder: COLMAP, transforms.json, N3DV, 3DGStream, Qualisys, Immersive, toyworld")
        ->required();
    command
        ->add_option("-o,--output", o->output, "FILE.ply or FILE.spz; Ctrl-C keeps what is learnt")
        ->capture_default_str();
    command->add_option("--frame", o->frame, "Which moment")
        ->capture_default_str()
        ->check(CLI::NonNegativeNumber);
    command->add_option("--test", o->test,
                        "Cameras to hold out, whose pictures say how good it is");
    command->add_option("--scale", o->scale, "Of the pictures")
        ->capture_default_str()
        ->check(CLI::Range(0.01, 1.0));
    command->add_option("--iterations", o->iterations, "One view each (default: 500 of each view)")
        ->check(CLI::Range(1, 10'000'000));
    command->add_option("--degree", o->degree, "Of the spherical harmonics")
        ->capture_default_str()
        ->check(CLI::Range(0, gaussians::kMaxShDegree));
    command
        ->add_option("--latents", o->latents,
                     "Whole numbers that a Gaussian's harmonics are made of, or 0 to learn them as "
                     "they are (default: 2, 4 or 12 by the degree)")
        ->check(CLI::Range(0, gaussians::kMostLatents));
    command
        ->add_option("--near", o->near,
                     "Scene units before a camera that stay empty (default: 0.2)")
        ->check(CLI::PositiveNumber);
    command->add_option("--max", o->max_gaussians, "Gaussians at most")
        ->capture_default_str()
        ->check(CLI::Range(1, 100'000'000));
    command->add_option("--points", o->points,
                        "Where Gaussians begin: a PLY of points, or how many to find in the views "
                        "(default: the dataset's points, or 20000 found where it has none)");
    command->add_flag("--sampling", o->sampling,
                      "Density control by sampling (MCMC) rather than by thresholds");
    command->add_option("--preview", o->preview,
                        "PNG drawn on the way: what a camera saw, and what is learnt of it");
    command->add_option("--seed", o->seed)->capture_default_str();
    add_device_option(*command, o->device);
    command->footer(
        "Beside FILE.ply stands FILE.path.json: the way past the cameras, which render takes.\n"
        "Example:\n  longtake encode capture -o scene.ply --test cam00 --preview so_far.png");
    command->callback([o] { run(*o); });
}

}  // namespace longtake::cli
