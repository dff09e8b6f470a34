#include "core/error.h"
#include "core/image.h"
#include "core/progress.h"
#include "gaussians/formats/cloud_file.h"
#include "gaussians/raster/render.h"
#include "gaussians/scene/dataset.h"
#include "gaussians/train/static_trainer.h"
#include "gaussians/train/swept_points.h"
#include "tools/longtake/commands.h"
#include "tools/longtake/interrupt.h"
#include "tools/longtake/machine.h"
#include "tools/longtake/output_path.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

namespace longtake::cli {
namespace {

using gaussians::TrainingView;

struct EncodeOptions {
    std::string dataset, output = "scene.ply", preview;
    std::vector<std::string> test;
    int64_t frame = 0, points = 20000;
    double scale = 1;
    bool sampling = false;
    gaussians::TrainingOptions training;
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

// The dataset's own, or found in the views where it has hardly any.
gaussians::Points first_points(const EncodeOptions& o, const gaussians::Dataset& dataset,
                               const std::vector<TrainingView>& views) {
    constexpr int64_t kEnough = 500;
    return dataset.points().count() >= kEnough
               ? dataset.points()
               : gaussians::swept_points(views, o.points, o.training.seed);
}

// What the camera saw, and beside it what the scene shows it.
Tensor side_by_side(const gaussians::Cloud& cloud, const TrainingView& view) {
    const Tensor drawn = gaussians::to_image(gaussians::render(cloud, view.camera).colour);
    const int64_t height = view.camera.height, row = view.camera.width * 3;
    Tensor both({height, 2 * view.camera.width, 3}, DType::U8);
    for (int64_t y = 0; y < height; ++y) {
        std::copy_n(view.image.data<uint8_t>() + y * row, row, both.data<uint8_t>() + 2 * y * row);
        std::copy_n(drawn.data<uint8_t>() + y * row, row, both.data<uint8_t>() + (2 * y + 1) * row);
    }
    return both;
}

void report(const EncodeOptions& o, const gaussians::Cloud& cloud, const Views& views,
            double seconds) {
    fmt::print("{}: {} Gaussians in {:.0f} s, peak memory {:.0f} MiB\n", o.output, cloud.count(),
               seconds, peak_resident_mib());
    for (size_t i = 0; i < views.test.size(); ++i) {
        const gaussians::PictureErrors errors = gaussians::errors_of(cloud, views.test[i]);
        fmt::print("{}, not learnt from: {:.2f} dB, SSIM {:.4f}\n", views.test_names[i],
                   errors.psnr(), errors.ssim);
    }
}

void run(EncodeOptions o) {
    check_input(gaussians::is_cloud_name(o.output),
                "-o {}: a moment is written as .ply or .spz; streams are not built yet", o.output);
    check_writable("-o", o.output);
    check_writable("--preview", o.preview);
    if (o.sampling) {
        o.training.mcmc = gaussians::McmcOptions{.max_gaussians = o.training.density.max_gaussians};
    }
    gaussians::Dataset dataset = gaussians::Dataset::open(o.dataset);
    const Views views = load_views(o, dataset);
    const TrainingView& watched = views.test.empty() ? views.learnt[0] : views.test[0];

    const auto start = std::chrono::steady_clock::now();
    gaussians::StaticTrainer trainer(views.learnt, first_points(o, dataset, views.learnt),
                                     o.training);
    Progress progress("learn", o.training.iterations, {.unit = "iterations"});
    const int64_t tenth = std::max<int64_t>(1, o.training.iterations / 10);
    for (int64_t i = 1; i <= o.training.iterations && !interrupted(); ++i) {
        const gaussians::TrainingStatus status = trainer.step();
        progress.advance(1, status.text());
        if (!o.preview.empty() && i % tenth == 0) {
            write_png(o.preview, side_by_side(trainer.cloud(), watched));
        }
    }
    progress.finish();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const gaussians::Cloud cloud = trainer.cloud();
    gaussians::write_cloud(o.output, cloud);
    report(o, cloud, views, seconds.count());
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
        ->add_option("DATASET", o->dataset,
                     "Folder: COLMAP, transforms.json, N3DV, 3DGStream, Qualisys, Immersive")
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
    command->add_option("--iterations", o->training.iterations, "One view each")
        ->capture_default_str()
        ->check(CLI::Range(1, 10'000'000));
    command->add_option("--degree", o->training.sh_degree, "Of the spherical harmonics")
        ->capture_default_str()
        ->check(CLI::Range(0, gaussians::kMaxShDegree));
    command->add_option("--max", o->training.density.max_gaussians, "Gaussians at most")
        ->capture_default_str()
        ->check(CLI::Range(1, 100'000'000));
    command->add_option("--points", o->points, "To begin with, where the dataset has none")
        ->capture_default_str()
        ->check(CLI::Range(1, 100'000'000));
    command->add_flag("--sampling", o->sampling,
                      "Density control by sampling (MCMC) rather than by thresholds");
    command->add_option("--preview", o->preview,
                        "PNG drawn on the way: what a camera saw, and what is learnt of it");
    command->add_option("--seed", o->training.seed)->capture_default_str();
    command->footer(
        "Example:\n  longtake encode capture -o scene.ply --test cam00 --preview so_far.png");
    command->callback([o] { run(*o); });
}

}  // namespace longtake::cli
