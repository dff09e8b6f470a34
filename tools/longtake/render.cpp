#include "core/error.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "gaussians/raster/renderer.h"
#include "gaussians/raster/to_image.h"
#include "gaussians/scene/camera_path.h"
#include "gaussians/scene/dataset.h"
#include "tools/longtake/commands.h"
#include "tools/longtake/depth_picture.h"
#include "tools/longtake/device_option.h"
#include "tools/longtake/interrupt.h"
#include "tools/longtake/picture_output.h"
#include "tools/longtake/scene.h"
#include "tools/longtake/size_option.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace longtake::cli {
namespace {

using gaussians::Camera;

struct RenderCommand {
    std::string input, path, dataset;
    std::string output = "render.mp4", alpha, depth;
    std::string size, frame_rate, device = "auto";
    std::optional<double> near;
    bool skip_damaged = false;
    double seconds = 0;  // 0: the path's own length
    VideoOptions video;
};

// The file that says how to look at the scene: given, or beside it; may be none.
std::filesystem::path path_of(const RenderCommand& o) {
    const auto beside = gaussians::camera_path_of(o.input);
    return !o.path.empty()                   ? std::filesystem::path(o.path)
           : std::filesystem::exists(beside) ? beside
                                             : std::filesystem::path();
}

std::vector<Camera> cameras_of(const RenderCommand& o, Scene& scene) {
    const auto [width, height] = parse_size(o.size.empty() ? "1280x720" : o.size);
    std::vector<Camera> cameras;
    if (!o.dataset.empty()) {
        const auto dataset = gaussians::Dataset::open(o.dataset);
        const Camera& first = dataset.camera(0);
        for (size_t i = 0; i < dataset.view_count(); ++i) {
            cameras.push_back(o.size.empty() ? dataset.camera(i).resized(first.width, first.height)
                                             : dataset.camera(i).resized(width, height));
        }
        return cameras;
    }
    gaussians::PathSampling sampling{
        .width = width, .height = height, .frame_rate = o.video.frame_rate.value()};
    if (o.seconds > 0) {
        sampling.seconds = o.seconds;
    } else {
        sampling.seconds = scene.seconds;
    }
    if (const auto path = path_of(o); !path.empty()) {
        return gaussians::read_camera_path(path, sampling);
    }
    return scene.cameras.empty()
               ? gaussians::orbit(gaussians::extent_of(scene.at(0).to(Device::Cpu)), sampling)
               : gaussians::way_past(scene.cameras, sampling);
}

void run(RenderCommand o) {
    const Device device = device_of(o.device);
    const auto scene = Scene::open(o.input, device, o.skip_damaged);
    o.video.frame_rate = o.frame_rate.empty()
                             ? scene->frame_rate.value_or(FrameRate{.numerator = 30})
                             : FrameRate::parse(o.frame_rate);
    std::vector<Camera> cameras = cameras_of(o, *scene);
    o.video.width = cameras[0].width;
    o.video.height = cameras[0].height;
    o.video.threads = thread_count();  // pictures are drawn faster than one thread encodes them
    if (std::ranges::any_of(std::array{o.output, o.alpha, o.depth}, PictureOutput::is_single)) {
        cameras.resize(1);
    }
    PictureOutput colours("-o", o.output, o.video), alphas("--alpha", o.alpha, o.video),
        depths("--depth", o.depth, o.video);
    const auto renderer = gaussians::Renderer::on(device);
    gaussians::RenderOptions options;
    if (const auto path = path_of(o); !o.near && !path.empty()) {
        o.near = gaussians::near_of_camera_path(path);
    }
    o.near = o.near ? o.near : scene->near;
    options.near = o.near.value_or(options.near);
    Progress progress("render", std::ssize(cameras));
    float nearest = 0;
    for (size_t i = 0; i < cameras.size(); ++i) {
        const double time = static_cast<double>(i) / o.video.frame_rate.value();
        const gaussians::Picture& picture = renderer->draw(scene->at(time), cameras[i], options);
        colours.write(gaussians::to_image(picture.colour).to(Device::Cpu));
        if (alphas.wanted()) {
            alphas.write(alpha_image(picture.alpha.to(Device::Cpu)));
        }
        if (depths.wanted()) {
            const gaussians::Picture here{.colour = {},
                                          .alpha = picture.alpha.to(Device::Cpu),
                                          .depth = picture.depth.to(Device::Cpu)};
            nearest = nearest > 0 ? nearest : nearest_depth(here);
            depths.write(depth_image(here, nearest));
        }
        progress.advance(1);
        if (interrupted()) {
            break;
        }
    }
    for (PictureOutput* output : {&colours, &alphas, &depths}) {
        output->finish();
    }
    if (interrupted()) {
        throw Interrupted{};
    }
}

}  // namespace

void add_render(CLI::App& app) {
    auto o = std::make_shared<RenderCommand>();
    auto* command =
        app.add_subcommand("render", "Draw a file or stream of Gaussians along a camera path");
    command
        ->add_option("IN", o->input,
                     "File of Gaussians (PLY, SPZ, SOG), or a stream of them (.ltv, playlist.json, "
                     "http address, - "
                     "for stdin), which goes on with time")
        ->required();
    command
        ->add_option(
            "-o,--output", o->output,
            "Video file, folder for PNGs, stream address, - for stdout, or FILE.png for the "
            "first picture alone")
        ->capture_default_str();
    auto* path = command->add_option(
        "--path", o->path,
        "Camera path, a JSON of keyframes: {\"keyframes\": [{\"time\": 0, \"position\": [x, y, z], "
        "\"target\": [x, y, z], \"fov\": 50}, ...]}; default: NAME.path.json beside NAME.ply, "
        "which "
        "encode writes, the way past a stream's cameras, or once around");
    command
        ->add_option(
            "--cameras", o->dataset,
            "Dataset (COLMAP, transforms.json, ...) whose cameras to look from, in the order "
            "of their names")
        ->excludes(path);
    command->add_option("--size", o->size,
                        "Of the pictures; default: 1280x720, or that of the dataset's");
    command
        ->add_option("-s,--seconds", o->seconds,
                     "Length; default: the stream's, else the path's own, 8 around")
        ->check(CLI::PositiveNumber);
    command->add_option("--fps", o->frame_rate, "Frames a second; default: the stream's, or 30");
    command
        ->add_option("--near", o->near,
                     "Scene units before the camera in which nothing is drawn (default: the path's "
                     "or the stream's, which encode sets, or 0.01)")
        ->check(CLI::PositiveNumber);
    command->add_flag("--skip-damaged", o->skip_damaged,
                      "Where a stream is damaged, go on with its next sound key");
    command->add_option("--alpha", o->alpha, "Where pictures of the coverage go, as -o");
    command->add_option("--depth", o->depth,
                        "Where pictures of the depth go, as -o: the nearer, the brighter");
    command->add_option("--codec", o->video.codec,
                        "h264, h265, av1, vp9, ffv1, raw or an encoder's name");
    command->add_option("--crf", o->video.crf, "Quality, lower is better")
        ->check(CLI::Range(0, 63));
    add_device_option(*command, o->device);
    command->footer(
        "Example:\n  longtake render scene.ply -o around.mp4 --seconds 4 --size 640x360\n"
        "  longtake render scene.ltv -o past.mp4");
    command->callback([o] {
        within_memory("drawing",
                      "choose a smaller --size, end other programs, or choose --device cpu",
                      [&] { run(*o); });
    });
}

}  // namespace longtake::cli
