#pragma once

#include "generator/tracks/tracks.h"

#include <filesystem>
#include <string>

namespace longtake::generator {

// The take that tracks are for, or come from.
struct TrackFrame {
    int64_t width = 0, height = 0;  // pixels
    double frame_rate = 16;
};

// Tracks as a file has them.
struct TrackSource {
    Tracks tracks;
    TrackFrame frame;         // of the file's own places; zeros: of the take's picture or rate
    std::string format = {};  // whose
};

// Reads tracks of any of these, recognized by what is in them. Throws InputError, naming the file.
//
//   .npz   tracks [T, N, 2], visibility [T, N]; track_points, track_path and track_visibility do as
//          well. Of the picture `size` and at `frame_rate`, where it says so (ours do); else of the
//          take's.
//   .npy   Wan-Move: the same as two files, tracks.npy and visibility.npy beside it; 16 frames/s
//   .pth   ATI: [N, 121, 1, 3] of x, y and visible, times 8, as bytes of an .npz; 24 frames/s
//   .json  ComfyUI: a list of {"x", "y"} a frame, or several; 16 frames/s
//   .json  DragAnything: objects with a "trajectory" each; written as .drag.json
//   .txt   Tora: "x,y" a line, in 256 x 256
//
// Those without a length (the last two) are spread over five seconds.
TrackSource open_tracks(const std::filesystem::path& path);
// The same for the take: places in its pixels, at its frame rate.
Tracks read_tracks(const std::filesystem::path& path, const TrackFrame& take);

// Whether a file's name, the first line of a .txt, or what a .pth or .json holds, says that it
// holds tracks.
bool is_track_file(const std::filesystem::path& path);
// Whether write_tracks knows such a name.
bool is_track_name(const std::filesystem::path& path);

// Writes the take's tracks as the name says: .npz, .npy (and visibility beside it), .pth, .json for
// ComfyUI, .drag.json for DragAnything, .txt for one point. Throws InputError where the format
// cannot hold them. Only .npz keeps ids, size and frame rate; files appear whole or not at all.
void write_tracks(const std::filesystem::path& path, const Tracks& tracks, const TrackFrame& take);

}  // namespace longtake::generator
