#pragma once

#include "core/tensor.h"

#include <cstdint>
#include <string>
#include <vector>

namespace longtake {

// Smooth, moving, coloured frames [count, height, width, 3]; frame i looks the same whatever
// `first` is: frames i of (0, n) and i - 5 of (5, n) are equal.
Tensor synthetic_frames(int64_t first, int64_t count, int64_t height, int64_t width);

// Peak signal-to-noise ratio of two equal-shaped uint8 tensors, in dB.
double psnr(const Tensor& a, const Tensor& b);

bool same_bytes(const Tensor& a, const Tensor& b);

// What a file says about its video stream, packet by packet.
struct ProbedPacket {
    int64_t pts, duration;  // in units of the stream's time base
    bool key;
};
struct ProbedVideo {
    std::string codec;
    int time_base_num, time_base_den;
    int primaries, transfer, matrix, range;  // FFmpeg's numbers; BT.709 is 1, limited is 1
    bool faststart;                          // an mp4 whose index stands before the pictures
    std::vector<ProbedPacket> packets;
};
ProbedVideo probe(const std::string& path);

// Whether FFmpeg was built with an encoder or a protocol for output.
bool has_encoder(const std::string& name);
bool has_protocol(const std::string& name);

}  // namespace longtake
