#pragma once

#include "core/frame_rate.h"
#include "gaussians/scene/camera.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace longtake::gaussians {

// Latents of any one decoder, at most; bounds what a few bytes can make a reader take memory for.
constexpr int64_t kMostStreamLatents = 48;

// What holds for the whole of a stream.
struct StreamInfo {
    FrameRate frame_rate{.numerator = 30, .denominator = 1};
    int sh_degree = 0;
    int64_t latents = 0;  // of the harmonics beyond the first
    float mean_step = 0;  // of every FixedCloud
    int64_t first_frame = 0;
    std::optional<double> near{};                // scene units before a camera that were left empty
    std::vector<Camera> cameras{};               // that saw it, in their order; may be none
    std::map<std::string, std::string> notes{};  // for people: preset, version, ...

    // The first bytes of a stream, and back. `unpack` throws InputError without naming the file.
    std::vector<std::byte> pack() const;
    static StreamInfo unpack(std::span<const std::byte> bytes);
    // How many bytes `pack` gave, told by the first kFixedBytes of them; throws as unpack.
    static constexpr size_t kFixedBytes = 40;
    static bool starts(std::span<const std::byte> bytes);  // whether a stream does so
    static uint64_t packed_bytes(std::span<const std::byte> fixed);
};

}  // namespace longtake::gaussians
