#include "tools/longtake/motion_options.h"

#include "core/error.h"
#include "core/log.h"
#include "generator/control/camera_preset.h"
#include "generator/control/camera_tracks.h"
#include "generator/control/depth.h"
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

// A path, by itself or of a preset through known depth; a preset on a plane goes on by itself.
std::shared_ptr<generator::CameraTracks> camera_tracks_of(const MotionOptions& o, int64_t frames,
                                                          const TrackFrame& take) {
    const bool preset = generator::is_camera_preset(o.camera);
    if (o.camera.empty() || (preset && o.depth.empty())) {
        return nullptr;
    }
    auto depth = o.depth.empty() ? std::vector<generator::Depth>()
                                 : generator::read_depth(o.depth, o.depth_scale, take);
    const double distance = depth.empty() ? 1 : depth[0].median();
    auto cameras =
        preset ? generator::camera_path_of(o.camera, o.camera_speed, distance, frames, take)
               : cameras_of_file(o.camera, {.scale = o.camera_scale, .speed = o.camera_speed},
                                 frames, take);
    const double spacing = static_cast<double>(take.width) / static_cast<double>(o.grid);
    return std::make_shared<generator::CameraTracks>(std::move(cameras), std::move(depth), distance,
                                                     spacing);
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
    if (o.any() && model.track_encoder() == nullptr) {
        const std::string& first = !o.tracks.empty()        ? o.tracks
                                   : !o.motion_from.empty() ? o.motion_from
                                                            : o.camera;
        spdlog::warn("{}: this model was not trained to follow tracks; it will not", first);
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
    auto* depth = add("--depth", o.depth,
                      "How far off the first frame's pixels are: 16-bit PNG, .npy, .npz; or every "
                      "frame's: folder of PNGs, [T, H, W], video (brighter is nearer). Without: a "
                      "plane, a picture's width away");
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
    const auto& config = model.config();
    const TrackFrame take{config.width, config.height, config.frame_rate};
    warn_of_model(o, model);
    const auto painted = o.tracks.empty()
                             ? Tracks()
                             : generator::with_layer(generator::read_tracks(o.tracks, take),
                                                     global_move_of(o), take);
    const auto camera = camera_tracks_of(o, frames, take);
    std::shared_ptr<generator::MotionTransfer> video;
    if (!o.motion_from.empty()) {
        const auto spacing = static_cast<float>(take.width) / static_cast<float>(o.grid);
        video = std::make_shared<generator::MotionTransfer>(o.motion_from, take, spacing);
    }
    generator::CameraMove on_plane;
    if (generator::is_camera_preset(o.camera) && o.depth.empty()) {
        on_plane = generator::camera_move_of(o.camera, o.camera_speed);
    }
    const int64_t most = config.chunk_frames * diffusion::kLatentFrames;
    return [=](generator::Session& session) {
        const int64_t frame = session.video_frames();
        Tracks asked = cut(painted, frame, most);
        if (camera) {
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
