#pragma once

#include "core/device.h"
#include "gaussians/scene/camera.h"

#include <cstdint>
#include <filesystem>

// What playing a stream takes, from a local file: a frame's decoding, its floats and its picture.
namespace longtake::gaussians {

struct PlayTimes {
    int64_t frames = 0;  // residuals that were measured; the first two frames warm up
    double decode_ms = 0, floats_ms = 0, draw_ms = 0;  // of one, on average
    double worst_seek_ms = 0;                          // of the last, first and middle of segments
    double verify_ms = 0;                              // of one frame of all
    double memory_mib = 0;                             // of the GPU, with reader and renderer

    double frames_per_second() const { return 1000 / (decode_ms + floats_ms + draw_ms); }
};

// At most `most` frames of it are measured. Throws InputError where the stream is unsound.
PlayTimes play(const std::filesystem::path& path, const Camera& camera, Device device,
               int64_t most);
void print(const PlayTimes& times, const Camera& camera, Device device);  // a line of JSON

}  // namespace longtake::gaussians
