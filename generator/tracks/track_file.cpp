#include "generator/tracks/track_file.h"

#include "core/error.h"
#include "core/file.h"
#include "generator/tracks/track_formats.h"

#include <fstream>
#include <regex>

namespace longtake::generator {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLongestText = size_t{64} << 20;

// visibility.npy beside tracks.npy, a_visibility.npy beside a_tracks.npy, b_visibility.npy beside
// b.npy.
fs::path visibility_beside(const fs::path& places) {
    std::string name = places.stem().string();
    const size_t at = name.rfind("tracks");
    name = at == std::string::npos ? name + "_visibility" : name.replace(at, 6, "visibility");
    return places.parent_path() / (name + ".npy");
}

TrackSource read_wan_move(const fs::path& path) {
    const NpyArray places = read_npy(path);
    const fs::path beside = visibility_beside(path);
    const NpyArray visible = fs::exists(beside) ? read_npy(beside) : NpyArray{};
    return {tracks_of(places, visible), {.frame_rate = kWanRate}, "Wan-Move"};
}

TrackSource read_source(const fs::path& path) {
    const std::string extension = path.extension().string();
    if (extension == ".npy") {
        return read_wan_move(path);
    }
    if (extension == ".json") {
        return read_json_tracks(read_text(path, kLongestText));
    }
    if (extension == ".txt") {
        return read_tora_tracks(read_text(path, kLongestText));
    }
    check_input(extension == ".npz" || extension == ".pth" || extension == ".pt",
                "tracks are .npz, .npy, .pth, .json or .txt");
    const auto file = MappedFile::open(path);
    return extension == ".npz" ? read_npz_tracks(file->bytes()) : read_ati_tracks(file->bytes());
}

void write_file(const fs::path& path, std::span<const std::byte> bytes) {
    AtomicFile file(path);
    file.write(bytes);
    file.commit();
}
void write_file(const fs::path& path, std::string_view text) {
    write_file(path, std::as_bytes(std::span(text)));
}

// What `read` says of the file at `path` is wrong, with its name before.
template <typename Read> auto naming(const fs::path& path, Read&& read) {
    try {
        return read();
    } catch (const InputError& e) {
        const std::string said = e.what();
        fail_input("{}", said.starts_with(path.string()) ? said : path.string() + ": " + said);
    }
}

// A list, or objects of which the first has a trajectory; other JSON is not tracks.
bool is_track_json(const fs::path& path) {
    std::string start(4096, '\0');
    std::ifstream(path).read(start.data(), std::ssize(start));
    const size_t first = start.find_first_not_of(" \t\r\n");
    return first != std::string::npos &&
           (start[first] == '[' || start.find("\"trajectory\"") != std::string::npos);
}

}  // namespace

void check_extent(double frames, double points) {
    constexpr double kMost = 1 << 24;  // 200 MB
    check_input(frames * points <= kMost, "its {} points are in {} frames: out of all proportion",
                points, frames);
}

bool is_track_name(const fs::path& path) {
    const std::string extension = path.extension().string();
    return extension == ".npz" || extension == ".npy" || extension == ".pth" ||
           extension == ".json" || extension == ".txt";
}

bool is_track_file(const fs::path& path) {
    const std::string extension = path.extension().string();
    if (extension == ".txt") {
        std::string line;
        std::getline(std::ifstream(path), line);
        return std::regex_match(line, std::regex("\\s*-?[0-9.]+\\s*,\\s*-?[0-9.]+\\s*"));
    }
    if (extension == ".json") {
        return is_track_json(path);
    }
    if (extension == ".pth" || extension == ".pt") {
        return naming(path, [&] { return is_ati_file(MappedFile::open(path)->bytes()); });
    }
    return extension == ".npz" || extension == ".npy";
}

TrackSource open_tracks(const fs::path& path) {
    return naming(path, [&] { return read_source(path); });
}

Tracks read_tracks(const fs::path& path, const TrackFrame& take) {
    return naming(path, [&] {
        const TrackSource source = read_source(path);
        const auto by = [](int64_t to, int64_t from) {
            return from == 0 ? 1 : static_cast<double>(to) / static_cast<double>(from);
        };
        const double rate = source.frame.frame_rate;
        const double step = rate == 0 ? 1 : rate / take.frame_rate;
        check_extent(static_cast<double>(source.tracks.frames()) / step,
                     static_cast<double>(source.tracks.points()));
        return scaled(resampled(source.tracks, step), by(take.width, source.frame.width),
                      by(take.height, source.frame.height));
    });
}

void write_tracks(const fs::path& path, const Tracks& tracks, const TrackFrame& take) {
    naming(path, [&] {
        check_input(!tracks.empty(), "there are no tracks to write");
        const std::string extension = path.extension().string();
        if (extension == ".npz") {
            write_npz_tracks(path, tracks, take);
        } else if (extension == ".npy") {
            const Tracks at_rate = resampled(tracks, take.frame_rate / kWanRate);
            write_file(visibility_beside(path), visible_npy(at_rate));
            write_file(path, places_npy(at_rate));
        } else if (extension == ".pth") {
            write_file(path, ati_file_of(tracks, take));
        } else if (path.string().ends_with(".drag.json")) {
            write_file(path, drag_json_of(tracks));
        } else if (extension == ".json") {
            write_file(path, comfy_json_of(tracks, take));
        } else if (extension == ".txt") {
            write_file(path, tora_text_of(tracks, take));
        } else {
            fail_input("tracks are .npz, .npy, .pth, .json or .txt");
        }
    });
}

}  // namespace longtake::generator
