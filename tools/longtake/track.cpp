#include "core/error.h"
#include "core/progress.h"
#include "core/video_reader.h"
#include "core/video_writer.h"
#include "generator/tracks/grid_tracker.h"
#include "generator/tracks/retracker.h"
#include "generator/tracks/track_file.h"
#include "generator/tracks/track_picture.h"
#include "tools/longtake/commands.h"
#include "tools/longtake/interrupt.h"
#include "tools/longtake/output_path.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <vector>

namespace longtake::cli {
namespace {

using generator::TrackFrame;
using generator::Tracks;

struct TrackOptions {
    std::string video, points, output, overlay, json;
    int64_t grid = 32;
    double within = 0;  // pixels; 0: all that was found
};

TrackFrame frame_of(const VideoReader& video) {
    return {video.width(), video.height(), video.frame_rate().value()};
}

// Calls `see` with each frame of the video, [H, W, 3].
template <typename See> void for_each_frame(VideoReader& video, Progress& progress, See&& see) {
    while (auto frame = video.next()) {
        if (interrupted()) {
            throw Interrupted{};
        }
        see(*frame);
        progress.advance(1);
    }
}

Tracks follow_grid(VideoReader& video, int64_t columns, Progress& progress) {
    generator::GridTracker tracker(static_cast<float>(video.width()) / static_cast<float>(columns));
    std::vector<Tracks> rows;
    for_each_frame(video, progress, [&](const Tensor& frame) {
        const auto points = tracker.advance(frame);
        std::vector<int32_t> ids;
        for (const auto& point : points) {
            ids.push_back(point.id);
        }
        Tracks row(1, std::move(ids));
        for (int64_t n = 0; n < row.points(); ++n) {
            const auto& point = points[static_cast<size_t>(n)];
            row.at(0, n) = {point.x, point.y, true};
        }
        rows.push_back(std::move(row));
    });
    return generator::joined(rows);
}

Tracks follow_points(VideoReader& video, const Tracks& asked, Progress& progress) {
    generator::Retracker tracker(asked);
    for_each_frame(video, progress, [&](const Tensor& frame) { tracker.advance(frame); });
    return tracker.found();
}

void write_overlay(const TrackOptions& o, const Tracks& asked, const Tracks& found) {
    VideoReader video(o.video);
    auto writer = make_frame_writer(o.overlay, {.height = video.height(),
                                                .width = video.width(),
                                                .frame_rate = video.frame_rate(),
                                                .codec = {},
                                                .preset = {},
                                                .pixel_format = {}});
    int64_t t = 0;
    while (auto frame = video.next()) {
        Tensor one = frame->reshape({1, video.height(), video.width(), 3});
        generator::draw_tracks(one, t++, asked, found);
        writer->write(one);
    }
    writer->finish();
}

nlohmann::json json_of(const TrackOptions& o, const generator::Agreement& a) {
    const auto number = [](double v) {
        return std::isnan(v) ? nlohmann::json() : nlohmann::json(v);
    };
    nlohmann::json json{{"video", o.video},
                        {"points", o.points},
                        {"asked", a.asked},
                        {"compared", a.compared},
                        {"epe", number(a.error)},
                        {"median", number(a.median)},
                        {"by_frame", nlohmann::json::array()}};
    for (const double error : a.by_frame) {
        json["by_frame"].push_back(number(error));
    }
    return json;
}

// What was asked beside what was found, in words and as a line of JSON.
void report(const TrackOptions& o, const Tracks& asked, const Tracks& found) {
    const generator::Agreement a = generator::agreement(asked, found);
    fmt::print(
        "end-point error {:.3f} px (median {:.3f}) over {} of {} places asked for, {:.1f} % "
        "of them\n",
        a.error, a.median, a.compared, a.asked,
        100 * static_cast<double>(a.compared) / static_cast<double>(std::max<int64_t>(1, a.asked)));
    if (!o.json.empty()) {
        std::ofstream(o.json, std::ios::app) << json_of(o, a).dump() << "\n";
    }
}

void run(const TrackOptions& o) {
    for (const auto& [option, path] : {std::pair{"-o", o.output}, {"--json", o.json}}) {
        check_writable(option, path);
    }
    check_input(o.output.empty() || generator::is_track_name(o.output),
                "-o {}: tracks are .npz, .npy, .pth, .json or .txt", o.output);
    check_input(!o.points.empty() || (o.json.empty() && o.within == 0),
                "--json and --within compare with --points, which are missing");
    VideoReader video(o.video);
    const TrackFrame frame = frame_of(video);
    std::optional<Tracks> asked;
    if (!o.points.empty()) {
        asked = generator::read_tracks(o.points, frame);
    }
    Progress progress("track", 0);
    const Tracks found =
        asked ? follow_points(video, *asked, progress) : follow_grid(video, o.grid, progress);
    progress.finish();
    check_input(found.frames() > 0, "{} holds no frames", o.video);
    if (asked) {
        report(o, *asked, found);
    }
    if (!o.output.empty()) {
        generator::write_tracks(
            o.output, o.within > 0 ? generator::trusted(*asked, found, o.within) : found, frame);
    }
    if (!o.overlay.empty()) {
        write_overlay(o, asked.value_or(Tracks()), found);
    }
}

}  // namespace

void add_track(CLI::App& app) {
    auto o = std::make_shared<TrackOptions>();
    auto* command = app.add_subcommand(
        "track", "Follow points through a video, and say how well it does what it was asked for");
    command->add_option("VIDEO", o->video, "What to follow points in")->required();
    auto* points = command->add_option(
        "--points", o->points,
        "Tracks that were asked for: each point is followed from where it appears, and compared");
    command->add_option("--grid", o->grid, "Without --points: points across the picture")
        ->excludes(points)
        ->check(CLI::Range(2, 200))
        ->capture_default_str();
    command->add_option("-o,--output", o->output, "Tracks as found: .npz, .npy, .pth or .json");
    command->add_option("--overlay", o->overlay,
                        "Video or folder: what was asked for in cyan, what was found in yellow");
    command->add_option("--json", o->json, "File to add the comparison to, frame by frame");
    command
        ->add_option("--within", o->within,
                     "Write instead what was asked for as far as it was found within so many "
                     "pixels: in a video that does move so, what the tracker can be trusted with")
        ->needs(points)
        ->check(CLI::PositiveNumber);
    command->footer(
        "Example:\n  longtake track longtake.mp4 --grid 16 -o found.npz --overlay found.mp4\n"
        "  longtake track longtake.mp4 --points found.npz");
    command->callback([o] { run(*o); });
}

}  // namespace longtake::cli
