#include "core/error.h"
#include "core/text.h"
#include "generator/tracks/track_formats.h"

#include <cmath>
#include <sstream>

// Tora's path: a place a line, "x,y" in a square of 256, however many lines.
namespace longtake::generator {
namespace {

constexpr int64_t kSide = 256;

}  // namespace

double path_rate(size_t points) {
    return static_cast<double>(points - 1) / kPathSeconds;
}

TrackSource read_tora_tracks(std::string_view text) {
    std::istringstream lines{std::string(text)};
    std::vector<TrackPoint> path;
    for (std::string line; std::getline(lines, line);) {
        if (line.find_first_not_of(" \t\r") == std::string::npos) {
            continue;
        }
        std::istringstream in(line);
        TrackPoint point{.x = 0, .y = 0, .visible = true};
        char comma = 0;
        in >> point.x >> comma >> point.y;
        check_input(
            !in.fail() && comma == ',' && std::abs(point.x) < 1e6F && std::abs(point.y) < 1e6F,
            "its line {} is no \"x,y\"", in_quotes(line));
        path.push_back(point);
    }
    check_input(path.size() >= 2, "a path needs two places");
    Tracks tracks(std::ssize(path), {0});
    for (size_t t = 0; t < path.size(); ++t) {
        tracks.at(static_cast<int64_t>(t), 0) = path[t];
    }
    return {std::move(tracks),
            {.width = kSide, .height = kSide, .frame_rate = path_rate(path.size())},
            "Tora"};
}

std::string tora_text_of(const Tracks& tracks, const TrackFrame& take) {
    check_input(tracks.points() == 1, "Tora's text holds one point, not {}; choose .npz",
                tracks.points());
    std::string text;
    for (int64_t t = 0; t < tracks.frames(); ++t) {
        const TrackPoint& p = tracks.at(t, 0);
        check_input(p.visible, "Tora's text holds no point that disappears; choose .npz");
        text += fmt::format("{},{}\n", std::lround(p.x * kSide / static_cast<float>(take.width)),
                            std::lround(p.y * kSide / static_cast<float>(take.height)));
    }
    return text;
}

}  // namespace longtake::generator
