#include "core/error.h"
#include "generator/tracks/track_formats.h"

#include <algorithm>
#include <cmath>
#include <numeric>

// ComfyUI's tracks: a list of places, one a frame, or a list of such lists; and DragAnything's:
// objects by number, each with a trajectory.
namespace longtake::generator {
namespace {

using nlohmann::json;

// Lists of different lengths; a point that has ended is not visible any more.
Tracks tracks_of_paths(const std::vector<std::vector<TrackPoint>>& paths) {
    size_t frames = 0;
    for (const auto& path : paths) {
        frames = std::max(frames, path.size());
    }
    check_input(frames > 0, "it holds no places");
    check_extent(static_cast<double>(frames), static_cast<double>(paths.size()));
    std::vector<int32_t> ids(paths.size());
    std::iota(ids.begin(), ids.end(), 0);
    Tracks tracks(static_cast<int64_t>(frames), std::move(ids));
    for (size_t n = 0; n < paths.size(); ++n) {
        for (size_t t = 0; t < paths[n].size(); ++t) {
            tracks.at(static_cast<int64_t>(t), static_cast<int64_t>(n)) = paths[n][t];
        }
    }
    return tracks;
}

TrackPoint point_of(const json& x, const json& y) {
    const auto number = [](const json& value) {
        check_input(value.is_number(), "a place is not numbers");
        const double v = value.get<double>();
        check_input(std::abs(v) < 1e6, "a place is {}", v);
        return static_cast<float>(v);
    };
    return {number(x), number(y), true};
}

std::vector<TrackPoint> comfy_path(const json& list) {
    std::vector<TrackPoint> path;
    for (const json& place : list) {
        check_input(place.is_object() && place.contains("x") && place.contains("y"),
                    "a place is no {{\"x\": .., \"y\": ..}}");
        path.push_back(point_of(place["x"], place["y"]));
    }
    return path;
}

std::vector<TrackPoint> drag_path(const json& object) {
    check_input(
        object.is_object() && object.contains("trajectory") && object["trajectory"].is_array(),
        "an object has no trajectory");
    std::vector<TrackPoint> path;
    for (const json& place : object["trajectory"]) {
        check_input(place.is_array() && place.size() == 2, "a place is not two numbers");
        path.push_back(point_of(place[0], place[1]));
    }
    return path;
}

// A path of any length in as many frames as another.
std::vector<TrackPoint> stretched(const std::vector<TrackPoint>& path, size_t frames) {
    const Tracks one = tracks_of_paths({path});
    const double step = static_cast<double>(path.size() - 1) / static_cast<double>(frames - 1);
    std::vector<TrackPoint> result;
    if (path.size() < 2) {
        result.assign(frames, path.front());
        return result;
    }
    const Tracks many = resampled(one, step);
    for (int64_t t = 0; t < many.frames(); ++t) {
        result.push_back(many.at(t, 0));
    }
    return result;
}

// Of formats that cannot say that a point is not visible: then it stays where it was, and before
// that where it appears.
std::vector<TrackPoint> always_visible(const Tracks& tracks, int64_t point) {
    TrackPoint last;
    for (int64_t t = 0; t < tracks.frames() && !last.visible; ++t) {
        last = tracks.at(t, point);
    }
    std::vector<TrackPoint> path;
    for (int64_t t = 0; t < tracks.frames(); ++t) {
        last = tracks.at(t, point).visible ? tracks.at(t, point) : last;
        path.push_back(last);
    }
    return path;
}

TrackSource drag_anything(const json& objects) {
    std::vector<std::vector<TrackPoint>> paths;
    size_t longest = 2;
    for (const auto& [name, object] : objects.items()) {
        paths.push_back(drag_path(object));
        check_input(!paths.back().empty(), "an object has no trajectory");
        longest = std::max(longest, paths.back().size());
    }
    check_input(!paths.empty(), "it holds no objects");
    check_extent(static_cast<double>(longest), static_cast<double>(paths.size()));
    for (auto& path : paths) {
        path = stretched(path, longest);
    }
    return {tracks_of_paths(paths), {.frame_rate = path_rate(longest)}, "DragAnything"};
}

}  // namespace

TrackSource read_json_tracks(std::string_view text) {
    std::string quoted(text);
    if (quoted.find('"') == std::string::npos) {
        std::ranges::replace(quoted, '\'', '"');  // as Python writes it
    }
    const json root = json::parse(quoted, nullptr, false);
    check_input(!root.is_discarded(), "it is no JSON");
    if (root.is_object()) {
        return drag_anything(root);
    }
    check_input(root.is_array() && !root.empty(), "it is no list of places");
    std::vector<std::vector<TrackPoint>> paths;
    if (root[0].is_array()) {
        for (const json& list : root) {
            check_input(list.is_array(), "a track is no list of places");
            paths.push_back(comfy_path(list));
        }
    } else {
        paths.push_back(comfy_path(root));
    }
    return {tracks_of_paths(paths), {.frame_rate = kWanRate}, "ComfyUI"};
}

std::string comfy_json_of(const Tracks& tracks, const TrackFrame& take) {
    const Tracks at_rate = resampled(tracks, take.frame_rate / kWanRate);
    json all = json::array();
    for (int64_t n = 0; n < at_rate.points(); ++n) {
        json list = json::array();
        for (const TrackPoint& place : always_visible(at_rate, n)) {
            list.push_back({{"x", place.x}, {"y", place.y}});
        }
        all.push_back(std::move(list));
    }
    return all.dump() + "\n";
}

std::string drag_json_of(const Tracks& tracks) {
    json objects = json::object();
    for (int64_t n = 0; n < tracks.points(); ++n) {
        json list = json::array();
        for (const TrackPoint& place : always_visible(tracks, n)) {
            list.push_back({place.x, place.y});
        }
        const std::string number = std::to_string(n + 1);
        objects[number] = {{"comment", ""}, {"mask_name", ""}, {"trajectory", std::move(list)}};
    }
    return objects.dump() + "\n";
}

}  // namespace longtake::generator
