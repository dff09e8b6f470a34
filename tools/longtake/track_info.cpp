#include "tools/longtake/track_info.h"

#include "core/error.h"
#include "core/image.h"
#include "generator/tracks/track_file.h"
#include "generator/tracks/track_picture.h"
#include "tools/longtake/output_path.h"
#include "tools/longtake/size_option.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace longtake::cli {
namespace {

using generator::TrackFrame;
using generator::Tracks;
using generator::TrackSource;

TrackFrame frame_of(const TrackSource& source, const TrackAssumptions& otherwise) {
    TrackFrame frame = source.frame;
    if (frame.width == 0) {
        std::tie(frame.width, frame.height) = parse_size(otherwise.size);
    }
    if (frame.frame_rate == 0) {
        frame.frame_rate = otherwise.frame_rate;
    }
    return frame;
}

// Of the places that are visible.
struct Reach {
    int64_t visible = 0, inside = 0;
    float x0 = INFINITY, x1 = -INFINITY, y0 = INFINITY, y1 = -INFINITY;
};

Reach reach_of(const Tracks& tracks, const TrackFrame& frame) {
    Reach r;
    for (int64_t t = 0; t < tracks.frames(); ++t) {
        for (int64_t n = 0; n < tracks.points(); ++n) {
            const generator::TrackPoint& p = tracks.at(t, n);
            if (p.visible) {
                ++r.visible;
                r.inside += p.x >= 0 && p.y >= 0 && p.x < static_cast<float>(frame.width) &&
                            p.y < static_cast<float>(frame.height);
                r.x0 = std::min(r.x0, p.x), r.x1 = std::max(r.x1, p.x);
                r.y0 = std::min(r.y0, p.y), r.y1 = std::max(r.y1, p.y);
            }
        }
    }
    return r;
}

}  // namespace

void print_tracks(const std::string& path, const std::string& picture,
                  const TrackAssumptions& otherwise) {
    check_writable("-o", picture);
    const TrackSource source = generator::open_tracks(path);
    const TrackFrame frame = frame_of(source, otherwise);
    const Tracks& tracks = source.tracks;
    const auto percent = [](int64_t part, int64_t all) {
        return 100 * static_cast<double>(part) / static_cast<double>(std::max<int64_t>(1, all));
    };
    fmt::print("tracks ({}): {} points, {} frames at {:.6g} frames/s{}, of a picture {}x{}{}\n",
               source.format, tracks.points(), tracks.frames(), frame.frame_rate,
               source.frame.frame_rate == 0 ? " (assumed)" : "", frame.width, frame.height,
               source.frame.width == 0 ? " (assumed, --size says another)" : "");
    const Reach r = reach_of(tracks, frame);
    if (r.visible > 0) {
        fmt::print("x {:.1f} to {:.1f}, y {:.1f} to {:.1f}; ", r.x0, r.x1, r.y0, r.y1);
    }
    fmt::print("{:.1f} % visible, {:.1f} % of that inside the picture\n",
               percent(r.visible, tracks.frames() * tracks.points()), percent(r.inside, r.visible));
    if (!picture.empty()) {
        write_png(picture, track_picture(tracks, frame));
    }
}

void convert_tracks(const std::string& input, const std::string& output,
                    const TrackAssumptions& otherwise) {
    check_writable("-o", output);
    const TrackFrame frame = frame_of(generator::open_tracks(input), otherwise);
    generator::write_tracks(output, generator::read_tracks(input, frame), frame);
}

}  // namespace longtake::cli
