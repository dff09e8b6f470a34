#include "tools/longtake/motion_options.h"

#include "core/error.h"
#include "core/log.h"
#include "generator/control/camera_preset.h"
#include "generator/control/camera_tracks.h"
#include "generator/control/depth.h"
#include "generator/control/latent_depth.h"
#include "generator/control/motion_transfer.h"
#include "generator/tracks/track_file.h"
#include "tools/longtake/camera_option.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>

namespace longtake::cli {
namespace {

using generator::TrackFrame;
using generator::Tracks;

constexpr int32_t kVideoIds = 500'000'000;  // above those of the camera's points

// The scene before a camera.
struct Scene {
    std::vector<generator::Depth> depth;                // known from the beginning
    std::shared_ptr<generator::LatentDepth> by_itself;  // or seen by the model while it goes on
    double distance = 1;                                // of its middle
};

Scene scene_of(const MotionOptions& o, const diffusion::VideoModel& model, const TrackFrame& take) {
    Scene scene;
    if (!o.depth.empty()) {
        scene.depth = generator::read_depth(o.depth, o.depth_scale, take);
        scene.distance = scene.depth[0].median();
    } else if (model.depth_head()) {
        scene.by_itself = std::make_shared<generator::LatentDepth>(model);
    }
    return scene;
}

// A preset without depth of its own goes on by itself; all else are cameras, a frame each.
std::shared_ptr<generator::CameraTracks> camera_tracks_of(const MotionOptions& o,
                                                          const Scene& scene, int64_t frames,
                                                          const TrackFrame& take) {
    const bool preset = generator::is_camera_preset(o.camera);
    if (o.camera.empty() || (preset && scene.depth.empty())) {
        return nullptr;
    }
    auto cameras =
        preset ? generator::camera_path_of(o.camera, o.camera_speed, scene.distance, frames, take)
               : cameras_of_file(o.camera, {.scale = o.camera_scale, .speed = o.camera_speed},
                                 frames, take);
    const double spacing = static_cast<double>(take.width) / static_cast<double>(o.grid);
    return std::make_shared<generator::CameraTracks>(std::move(cameras), scene.depth,
                                                     scene.distance, spacing);
}

generator::GlobalMove global_move_of(const MotionOptions& o) {
    generator::GlobalMove move;
    if (!o.pan.empty()) {
        move.right = o.pan[0];
        move.down = o.pan[1];
    }
    if (!o.about.empty()) {
        move.about_x = o.about[0];
        move.about_y = o.about[1];
    }
    move.zoom = std::log(o.zoom);
    move.turn = o.turn * std::numbers::pi / 180;
    return move;
}

int32_t above(const Tracks& tracks) {
    return tracks.points() == 0 ? 0 : *std::ranges::max_element(tracks.ids()) + 1;
}

void warn_of_model(const MotionOptions& o, const diffusion::VideoModel& model) {
    if (o.any() && !model.follows_tracks()) {
        const std::string& first = !o.tracks.empty()        ? o.tracks
                                   : !o.motion_from.empty() ? o.motion_from
                                                            : o.camera;
        spdlog::warn("{}: this model was not trained to follow tracks; it will not{}", first,
                     model.reads_image()
                         ? ". If it is ATI or Wan-Move, `longtake info` tells how to say so"
                         : "");
    }
}

}  // namespace

std::vector<CLI::Option*> add_motion_options(CLI::App& command, MotionOptions& o) {
    const auto add = [&](const char* name, auto& value, const std::string& help) {
        return command.add_option(name, value, help)->group("Motion");
    };
    auto* tracks = add("--tracks", o.tracks,
                       "Where points of the picture go: .npz, .npy, .pth, .json or .txt "
                       "(generator/tracks/track_file.h)");
    auto* video =
        add("--motion-from", o.motion_from,
            "Video, or address of a stream or network camera, whose motion the take follows, "
            "as long as it lasts");
    auto* camera =
        add("--camera", o.camera,
            "How the camera moves: " + generator::camera_preset_names() +
                "; or a path: transforms.json, nerfstudio's camera_path, poses.npy (LingBot), or "
                "keyframes as `render --path` takes them");
    add("--camera-speed", o.camera_speed, "Times as fast")
        ->check(CLI::PositiveNumber)
        ->needs(camera);
    add("--camera-scale", o.camera_scale, "Times the scene units of the path")
        ->check(CLI::PositiveNumber)
        ->needs(camera);
    auto* depth =
        add("--depth", o.depth,
            "How far off the first frame's pixels are: 16-bit PNG, .npy, .npz; or every "
            "frame's: folder of PNGs, [T, H, W], video (brighter is nearer). Without: as the "
            "model itself sees it, or a plane, a picture's width away");
    depth->needs(camera);
    add("--depth-scale", o.depth_scale, "Scene units of a step of a PNG")
        ->check(CLI::PositiveNumber)
        ->needs(depth)
        ->capture_default_str();
    add("--grid", o.grid, "Points across the picture, of --motion-from and --camera")
        ->check(CLI::Range(2, 100))
        ->capture_default_str();
    const auto above_tracks = [&](CLI::Option* option) { option->needs(tracks); };
    above_tracks(add("--pan", o.pan, "On top of --tracks: picture widths a second, right and down")
                     ->expected(2));
    above_tracks(
        add("--zoom", o.zoom, "On top of --tracks: times a second")->check(CLI::Range(0.1, 10.)));
    above_tracks(add("--turn", o.turn, "On top of --tracks: degrees a second, clockwise"));
    above_tracks(add("--about", o.about,
                     "What --zoom and --turn go about: parts of the picture's sides (0.5 0.5)")
                     ->expected(2));
    return {tracks, video, camera};
}

generator::Steer steer_by_motion(const MotionOptions& o, const diffusion::VideoModel& model,
                                 int64_t frames) {
    if (!o.any()) {
        return [](generator::Session&) {};  // a take that is replayed brings its own
    }
    const auto& config = model.config();
    const TrackFrame take{config.width, config.height, config.frame_rate};
    const auto painted = o.tracks.empty()
                             ? Tracks()
                             : generator::with_layer(generator::read_tracks(o.tracks, take),
                                                     global_move_of(o), take);
    const Scene scene = o.camera.empty() ? Scene() : scene_of(o, model, take);
    const auto camera = camera_tracks_of(o, scene, frames, take);
    std::shared_ptr<generator::MotionTransfer> video;
    if (!o.motion_from.empty()) {
        const auto spacing = static_cast<float>(take.width) / static_cast<float>(o.grid);
        video = std::make_shared<generator::MotionTransfer>(o.motion_from, take, spacing);
    }
    generator::CameraMove on_plane;
    if (!o.camera.empty() && !camera) {
        on_plane = generator::camera_move_of(o.camera, o.camera_speed);
    }
    warn_of_model(o, model);
    const int64_t most = config.chunk_frames * diffusion::kLatentFrames;
    return [=](generator::Session& session) {
        const int64_t frame = session.video_frames();
        Tracks asked = cut(painted, frame, most);
        const bool blind = scene.by_itself && frame == 0;  // nothing has been seen yet
        if (camera && scene.by_itself && !blind) {
            camera->see(frame - 1, scene.by_itself->of(session.newest_latent()));
        }
        if (camera && !blind) {
            asked = beside(asked, raised(camera->at(frame, most), above(painted)));
        }
        if (video) {
            asked = beside(asked, raised(video->at(frame, most), above(painted) + kVideoIds));
        }
        session.motion().play(std::move(asked));
        session.motion().set(on_plane);
    };
}

}  // namespace longtake::cli
