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
    return {tracks_of(places, visible), {.frame_rate = kWanRate}};
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

}  // namespace

bool is_track_file(const fs::path& path) {
    const std::string extension = path.extension().string();
    if (extension == ".txt") {
        std::string line;
        std::getline(std::ifstream(path), line);
        return std::regex_match(line, std::regex("\\s*-?[0-9.]+\\s*,\\s*-?[0-9.]+\\s*"));
    }
    return extension == ".npz" || extension == ".npy" || extension == ".pth" ||
           extension == ".json";
}

Tracks read_tracks(const fs::path& path, const TrackFrame& take) {
    try {
        const TrackSource source = read_source(path);
        const auto by = [](int64_t to, int64_t from) {
            return from == 0 ? 1 : static_cast<double>(to) / static_cast<double>(from);
        };
        const double rate = source.frame.frame_rate;
        return scaled(resampled(source.tracks, rate == 0 ? 1 : rate / take.frame_rate),
                      by(take.width, source.frame.width), by(take.height, source.frame.height));
    } catch (const InputError& e) {
        const std::string said = e.what();
        fail_input("{}", said.starts_with(path.string()) ? said : path.string() + ": " + said);
    }
}

void write_tracks(const fs::path& path, const Tracks& tracks, const TrackFrame& take) {
    check_input(!tracks.empty(), "{}: there are no tracks to write", path.string());
    const std::string extension = path.extension().string();
    try {
        if (extension == ".npz") {
            write_npz_tracks(path, tracks, take);
        } else if (extension == ".npy") {
            const Tracks at_rate = resampled(tracks, take.frame_rate / kWanRate);
            write_file(visibility_beside(path), visible_npy(at_rate));
            write_file(path, places_npy(at_rate));
        } else if (extension == ".pth") {
            write_file(path, ati_file_of(tracks, take));
        } else if (extension == ".json") {
            write_file(path, comfy_json_of(tracks, take));
        } else if (extension == ".txt") {
            write_file(path, tora_text_of(tracks, take));
        } else {
            fail_input("tracks are .npz, .npy, .pth, .json or .txt");
        }
    } catch (const InputError& e) {
        const std::string said = e.what();
        fail_input("{}", said.find(path.string()) == 0 ? said : path.string() + ": " + said);
    }
}

}  // namespace longtake::generator
