#pragma once

#include "core/npy.h"
#include "generator/tracks/track_file.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <map>
#include <span>
#include <string_view>
#include <vector>

// A file or two for each format. Readers throw InputError without the file's name.
namespace longtake::generator {

constexpr double kWanRate = 16;     // frames a second of Wan 2.1
constexpr double kPathSeconds = 5;  // of a path that has no time
constexpr double kAtiRate = 24;

// Throws InputError where a file asks for more places than any take has.
void check_extent(double frames, double points);

// [T, N, 2] and [T, N] (empty: all visible), both perhaps in one more pair of brackets. Places that
// are not numbers are not visible.
Tracks tracks_of(const NpyArray& places, const NpyArray& visible, std::vector<int32_t> ids = {});
std::vector<std::byte> places_npy(const Tracks& tracks);
std::vector<std::byte> visible_npy(const Tracks& tracks);

TrackSource read_npz_tracks(std::span<const std::byte> bytes);
void write_npz_tracks(const std::filesystem::path& path, const Tracks& tracks,
                      const TrackFrame& take);

// Whether torch.save wrote it and there are no tensors in it.
bool is_ati_file(std::span<const std::byte> bytes);
TrackSource read_ati_tracks(std::span<const std::byte> bytes);
std::vector<std::byte> ati_file_of(const Tracks& tracks, const TrackFrame& take);

TrackSource read_json_tracks(std::string_view text);
std::string comfy_json_of(const Tracks& tracks, const TrackFrame& take);
std::string drag_json_of(const Tracks& tracks);

TrackSource read_tora_tracks(std::string_view text);
std::string tora_text_of(const Tracks& tracks, const TrackFrame& take);

// The frames of a path of so many points that takes kPathSeconds.
double path_rate(size_t points);

}  // namespace longtake::generator
