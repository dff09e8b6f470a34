// Encodes a moving scene of the toy world with one setting of ResidualTrainer after another, all
// from one first frame: a line of JSON for each frame.
//   residual_bench device=cpu width=192 height=108 views=8 frames=48 settings=queen-10,compact-10
#include "core/device.h"
#include "core/error.h"
#include "core/image.h"
#include "gaussians/codec/stream_writer.h"
#include "gaussians/raster/to_image.h"
#include "gaussians/train/residual_trainer.h"
#include "gaussians/train/static_trainer.h"
#include "gaussians/train/swept_points.h"
#include "tools/toyworld/toyworld.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <map>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace longtake::gaussians {
namespace {

// What of QUEEN is there, step by step as in its paper's ablation, and what goes beyond it.
std::map<std::string, ResidualOptions> settings() {
    std::map<std::string, ResidualOptions> all;
    all["quantized"] = {.gates = GateStart::Open, .masked_share = 0};
    all["gated"] = {.masked_share = 0};
    for (const int64_t rounds : {6, 8, 10, 20, 30}) {
        all[fmt::format("queen-{}", rounds)] = queen_residuals(rounds);
        all[fmt::format("compact-{}", rounds)] = compact_residuals(rounds);
    }
    all["robust"] = {.gates = GateStart::Robust};
    all["coarse"] = {.move_factor = 64};
    all["compact-robust"] = all["compact-pooled"] = all["compact-fine"] = compact_residuals(10);
    all["compact-robust"].gates = GateStart::Robust;
    all["compact-pooled"].pool = 0.02;
    all["compact-fine"].move_factor = 1;
    return all;
}

constexpr double kReach = 0x1p30;  // steps that a stream holds

struct Arguments {
    std::map<std::string, std::string> given;

    std::string text(const std::string& name, const std::string& otherwise) const {
        const auto found = given.find(name);
        return found == given.end() ? otherwise : found->second;
    }
    int64_t number(const std::string& name, int64_t otherwise) const {
        return std::stoll(text(name, std::to_string(otherwise)));
    }
};

Arguments parse(std::span<char*> arguments) {
    Arguments result;
    for (const std::string argument : arguments) {
        const std::size_t equals = argument.find('=');
        check(equals != std::string::npos, "{}: name=value is wanted", argument);
        result.given[argument.substr(0, equals)] = argument.substr(equals + 1);
    }
    return result;
}

// All frames of all views; the middle one is held out.
struct Scene {
    std::vector<std::vector<TrainingView>> frames;  // [T][V]
    std::vector<TrainingView> seen;
};

Scene scene_of(const Arguments& a, Device device) {
    const auto views = static_cast<int>(a.number("views", 8));
    const auto width = static_cast<int>(a.number("width", 192));
    const auto height = static_cast<int>(a.number("height", 108));
    const auto frames = static_cast<int>(a.number("frames", 48));
    const auto seed = static_cast<uint64_t>(a.number("seed", 7));
    const ltw_rig rig{.view_count = views, .fixed = 1, .spread = 1.2F};
    Tensor rgb({views, frames, height, width, 3}, DType::U8, device);
    std::vector<float> poses(static_cast<std::size_t>(16 * views * frames));
    std::vector<float> lenses(static_cast<std::size_t>(4 * views));
#ifdef LONGTAKE_CUDA
    const bool there = device == Device::Cuda;
    const int error = there ? ltw_render_views_cuda(nullptr, seed, &rig, width, height, frames, 16,
                                                    4, rgb.data<uint8_t>(), nullptr, nullptr,
                                                    poses.data(), lenses.data(), nullptr)
                            : ltw_render_views_cpu(nullptr, seed, &rig, width, height, frames, 16,
                                                   4, rgb.data<uint8_t>(), nullptr, nullptr,
                                                   poses.data(), lenses.data());
#else
    const int error =
        ltw_render_views_cpu(nullptr, seed, &rig, width, height, frames, 16, 4, rgb.data<uint8_t>(),
                             nullptr, nullptr, poses.data(), lenses.data());
#endif
    check(error == 0, "the toy world cannot be rendered");
    rgb = rgb.to(Device::Cpu);
    const std::size_t bytes = static_cast<std::size_t>(3 * width * height);
    Scene scene;
    for (int t = 0; t < frames; ++t) {
        scene.frames.emplace_back();
        for (int v = 0; v < views; ++v) {
            const float *pose = &poses[static_cast<std::size_t>(16 * (v * frames + t))],
                        *lens = &lenses[static_cast<std::size_t>(4 * v)];
            TrainingView view{.camera = {.width = width,
                                         .height = height,
                                         .fx = lens[0],
                                         .fy = lens[1],
                                         .cx = lens[2],
                                         .cy = lens[3]},
                              .image = Tensor({height, width, 3}, DType::U8)};
            for (std::size_t i = 0; i < 3; ++i) {
                std::copy_n(pose + 4 * i, 3, view.camera.rotation.begin() + 3 * i);
                view.camera.translation[i] = pose[4 * i + 3];
            }
            std::copy_n(rgb.data<uint8_t>() + bytes * static_cast<std::size_t>(v * frames + t),
                        bytes, view.image.data<uint8_t>());
            (v == views / 2 ? scene.seen : scene.frames.back()).push_back(std::move(view));
        }
    }
    return scene;
}

double used_mib(Device device) {
    const MemoryInfo memory = memory_of(device);
    return static_cast<double>(memory.total - memory.free) / (1 << 20);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// What the camera saw, and beside it what is shown to it.
void write_pair(const std::string& path, const TrainingView& view, const Cloud& cloud,
                const RenderOptions& options) {
    const Tensor drawn = to_image(render(cloud, view.camera, options).colour).to(Device::Cpu);
    const int64_t row = 3 * view.camera.width;
    Tensor both({view.camera.height, 2 * view.camera.width, 3}, DType::U8);
    for (int64_t y = 0; y < view.camera.height; ++y) {
        std::copy_n(view.image.data<uint8_t>() + y * row, row, both.data<uint8_t>() + 2 * y * row);
        std::copy_n(drawn.data<uint8_t>() + y * row, row, both.data<uint8_t>() + (2 * y + 1) * row);
    }
    write_png(path, both);
}

void encode(const std::string& name, ResidualOptions options, const Arguments& a,
            const Scene& scene, const FixedCloud& first, double extent, Device device) {
    options.density.max_gaussians = 2 * a.number("max", 8000);
    options.render.near = 0.2;
    const std::filesystem::path file =
        std::filesystem::temp_directory_path() / fmt::format("residual_bench_{}.ltv", name);
    StreamWriter writer(file, {.sh_degree = static_cast<int>(a.number("degree", 1)),
                               .latents = first.rest_decoder.latents(),
                               .mean_step = first.mean_step,
                               .near = options.render.near,
                               .cameras = {},
                               .notes = {}});
    const FixedCloud start = writer.key(first).cloud;
    const std::string pictures = a.text("pictures", "");
    const auto show = [&](std::size_t t) {
        if (!pictures.empty()) {
            write_pair(fmt::format("{}/{}_{:02}.png", pictures, name, t), scene.seen[t],
                       to_cloud(writer.state()), options.render);
        }
    };
    fmt::print(
        "{{\"setting\": \"{}\", \"frame\": 0, \"psnr\": {:.3f}, \"bytes\": {}, "
        "\"gaussians\": {}}}\n",
        name, errors_of(to_cloud(writer.state()), scene.seen[0], options.render).psnr(),
        writer.last().bytes, writer.last().count);
    show(0);
    ResidualTrainer trainer(scene.frames[0], start, extent, options, device);
    for (std::size_t t = 1; t < scene.frames.size(); ++t) {
        std::vector<Tensor> images;
        for (const TrainingView& view : scene.frames[t]) {
            images.push_back(view.image.to(device));
        }
        const auto begin = std::chrono::steady_clock::now();
        const auto residual = trainer.next(images);
        const double learnt = seconds_since(begin);
        writer.residual(*residual);
        const double whole = seconds_since(begin);
        const ResidualSummary& s = trainer.last();
        const PictureErrors errors =
            errors_of(to_cloud(writer.state()), scene.seen[t], options.render);
        const FrameHeader& frame = writer.last();
        std::string parts;
        for (std::size_t p = 0; p < kStreamParts; ++p) {
            parts += fmt::format(", \"{}\": {}", kPartNames[p], frame.parts[p].bytes);
        }
        fmt::print(
            "{{\"setting\": \"{}\", \"frame\": {}, \"psnr\": {:.3f}, \"ssim\": {:.4f}, "
            "\"bytes\": {}{}, \"gaussians\": {}, \"added\": {}, \"removed\": {}, "
            "\"changed\": {}, \"open\": {}, \"masked\": {:.3f}, \"seconds\": {:.3f}, "
            "\"score\": {:.3f}, \"masks\": {:.3f}, \"learn\": {:.3f}, \"round\": {:.3f}, "
            "\"code\": {:.3f}, \"MiB\": {:.0f}}}\n",
            name, t, errors.psnr(), errors.ssim, frame.bytes, parts, frame.count, s.added,
            s.removed, frame.changed, s.active, s.masked, whole, s.score_seconds, s.mask_seconds,
            s.learn_seconds, s.round_seconds, whole - learnt, used_mib(device));
        std::fflush(stdout);
        show(t);
    }
    writer.finish();
    fmt::print("{{\"setting\": \"{}\", \"file\": {}}}\n", name, std::filesystem::file_size(file));
}

void run(const Arguments& a) {
    const Device device = a.text("device", "cpu") == "cuda" ? Device::Cuda : Device::Cpu;
    const Scene scene = scene_of(a, device);
    const auto degree = static_cast<int>(a.number("degree", 1));
    TrainingOptions training =
        queen_schedule(std::ssize(scene.frames[0]), a.number("iterations", 2000));
    training.sh_degree = degree;
    training.latents = queen_latents(degree);
    training.density.max_gaussians = a.number("max", 8000);
    if (a.number("sampling", 0) != 0) {
        training.mcmc = McmcOptions{.max_gaussians = a.number("max", 8000)};
    }
    const auto begin = std::chrono::steady_clock::now();
    const Points points = swept_points(scene.frames[0], a.number("points", 5000), 1);
    const double swept = seconds_since(begin);
    FixedCloud first;
    double extent = 0;
    {
        StaticTrainer trainer(scene.frames[0], points, training, device);
        trainer.run();
        extent = trainer.extent();
        const float step = mean_step_of(extent);
        trainer.keep_visible(kReach * static_cast<double>(step));
        first = to_fixed(trainer.cloud(), trainer.latents(), step);
    }
    fmt::print(
        "{{\"first_seconds\": {:.1f}, \"swept\": {:.1f}, \"gaussians\": {}, \"extent\": "
        "{:.3f}}}\n",
        seconds_since(begin), swept, first.count(), extent);
    const auto all = settings();
    std::stringstream names(a.text("settings", "queen-10"));
    for (std::string name; std::getline(names, name, ',');) {
        check(all.contains(name), "no setting {}", name);
        encode(name, all.at(name), a, scene, first, extent, device);
    }
}

}  // namespace
}  // namespace longtake::gaussians

int main(int argc, char** argv) {
    try {
        const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
        longtake::gaussians::run(longtake::gaussians::parse(arguments.subspan(1)));
        return 0;
    } catch (const std::exception& e) {
        fmt::print(stderr, "residual_bench: {}\n", e.what());
        return 1;
    }
}
