#include "core/error.h"
#include "generator/tracks/track_formats.h"

#include <array>
#include <cmath>
#include <initializer_list>
#include <numeric>

namespace longtake::generator {
namespace {

// The first of these that is there; nullptr: none.
const NpyArray* find(const std::map<std::string, NpyArray>& arrays,
                     std::initializer_list<const char*> names) {
    for (const char* name : names) {
        if (const auto found = arrays.find(name); found != arrays.end()) {
            return &found->second;
        }
    }
    return nullptr;
}

// Without leading extents of 1 that are too many.
Shape with_rank(const Shape& shape, size_t rank) {
    std::span<const int64_t> extents = shape.extents();
    while (extents.size() > rank && extents.front() == 1) {
        extents = extents.subspan(1);
    }
    return Shape(extents);
}

std::vector<int32_t> counted(int64_t points) {
    std::vector<int32_t> ids(static_cast<size_t>(points));
    std::iota(ids.begin(), ids.end(), 0);
    return ids;
}

std::vector<int32_t> ids_of(const NpyArray& array) {
    std::vector<int32_t> ids;
    for (const double id : array.values) {
        check_input(id >= 0 && id < 2e9, "an id is {}", id);
        ids.push_back(static_cast<int32_t>(id));
    }
    auto sorted = ids;
    std::ranges::sort(sorted);
    check_input(std::ranges::adjacent_find(sorted) == sorted.end(), "two points have one id");
    return ids;
}

int64_t pixels(double value) {
    check_input(value >= 1 && value <= 65536, "its picture is {} pixels wide or high", value);
    return static_cast<int64_t>(value);
}

}  // namespace

Tracks tracks_of(const NpyArray& places, const NpyArray& visible, std::vector<int32_t> ids) {
    const Shape shape = with_rank(places.shape, 3);
    check_input(shape.rank() == 3 && shape[2] == 2 && shape[0] > 0 && shape[1] > 0,
                "its places are {}, not [frames, points, 2]", places.shape.str());
    const Shape seen = with_rank(visible.shape, 2);
    check_input(visible.values.empty() || seen == Shape({shape[0], shape[1]}),
                "it says what is visible of {}, and where of {}", visible.shape.str(),
                places.shape.str());
    ids = ids.empty() ? counted(shape[1]) : std::move(ids);
    check_input(std::ssize(ids) == shape[1], "it has {} ids for {} points", ids.size(), shape[1]);
    Tracks tracks(shape[0], std::move(ids));
    for (int64_t t = 0, i = 0; t < shape[0]; ++t) {
        for (int64_t n = 0; n < shape[1]; ++n, ++i) {
            const auto at = static_cast<size_t>(i);
            const double x = places.values[2 * at], y = places.values[2 * at + 1];
            const bool there = visible.values.empty() || visible.values[at] > 0.5;
            if (there && std::abs(x) < 1e6 && std::abs(y) < 1e6) {
                tracks.at(t, n) = {static_cast<float>(x), static_cast<float>(y), true};
            }
        }
    }
    return tracks;
}

std::vector<std::byte> places_npy(const Tracks& tracks) {
    std::vector<float> places;
    for (int64_t t = 0; t < tracks.frames(); ++t) {
        for (int64_t n = 0; n < tracks.points(); ++n) {
            places.push_back(tracks.at(t, n).x);
            places.push_back(tracks.at(t, n).y);
        }
    }
    return to_npy({tracks.frames(), tracks.points(), 2}, places);
}

std::vector<std::byte> visible_npy(const Tracks& tracks) {
    const auto count = static_cast<size_t>(tracks.frames() * tracks.points());
    const auto visible = std::make_unique<bool[]>(count);
    for (int64_t t = 0, i = 0; t < tracks.frames(); ++t) {
        for (int64_t n = 0; n < tracks.points(); ++n, ++i) {
            visible[static_cast<size_t>(i)] = tracks.at(t, n).visible;
        }
    }
    return to_npy({tracks.frames(), tracks.points()}, std::span(visible.get(), count));
}

TrackSource read_npz_tracks(std::span<const std::byte> bytes) {
    const auto arrays = parse_npz(bytes);
    const NpyArray* places = find(arrays, {"tracks", "track_points", "track_path"});
    check_input(places != nullptr, "it holds no array 'tracks'");
    const NpyArray* visible = find(arrays, {"visibility", "track_visibility"});
    const NpyArray* ids = find(arrays, {"ids", "track_ids"});
    TrackSource source{.tracks = {}, .frame = {}, .format = "NumPy"};
    source.tracks = tracks_of(*places, visible == nullptr ? NpyArray{} : *visible,
                              ids == nullptr ? std::vector<int32_t>() : ids_of(*ids));
    source.frame.frame_rate = 0;
    if (const NpyArray* size = find(arrays, {"size"}); size != nullptr) {
        check_input(size->values.size() == 2, "its size is {}, not width and height",
                    size->shape.str());
        source.frame.width = pixels(size->values[0]);
        source.frame.height = pixels(size->values[1]);
    }
    if (const NpyArray* rate = find(arrays, {"frame_rate"}); rate != nullptr) {
        check_input(rate->values.size() == 1 && rate->values[0] > 0.1 && rate->values[0] < 1000,
                    "its frame rate is no number of frames a second");
        source.frame.frame_rate = rate->values[0];
    }
    return source;
}

void write_npz_tracks(const std::filesystem::path& path, const Tracks& tracks,
                      const TrackFrame& take) {
    const std::array size{static_cast<int32_t>(take.width), static_cast<int32_t>(take.height)};
    const auto rate = static_cast<float>(take.frame_rate);
    write_npz(path, {{"tracks", places_npy(tracks)},
                     {"visibility", visible_npy(tracks)},
                     {"ids", to_npy({tracks.points()}, tracks.ids())},
                     {"size", to_npy({2}, std::span<const int32_t>(size))},
                     {"frame_rate", to_npy({}, std::span(&rate, 1))}});
}

}  // namespace longtake::generator
