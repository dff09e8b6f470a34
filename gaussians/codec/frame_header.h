#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace longtake::gaussians {

// What a frame consists of, each with its own checksum. Models are what the columns behind them are
// read by: decoders, and the heads of their code.
enum class StreamPart : uint8_t {
    Topology,
    Models,
    Means,
    LogScales,
    Rotations,
    Opacities,
    ShDc,
    Rest
};
constexpr size_t kStreamParts = 8;
constexpr std::array<std::string_view, kStreamParts> kPartNames{
    "topology", "models", "centres", "scales", "rotations", "opacities", "colours", "harmonics"};

// The bytes of each; empty where there is nothing to say.
struct FrameParts {
    std::array<std::vector<std::byte>, kStreamParts> bytes;
    bool heads_apart = true;  // columns' heads are among the models, else before their blocks

    std::vector<std::byte>& operator[](StreamPart part) { return bytes[static_cast<size_t>(part)]; }
    const std::vector<std::byte>& operator[](StreamPart part) const {
        return bytes[static_cast<size_t>(part)];
    }
};

// What stands before a frame's parts, and what it costs.
struct FrameHeader {
    static constexpr size_t kBytes = 112;
    struct Part {
        uint32_t bytes = 0, checksum = 0;
        bool packed = false;  // by zstd
    };

    uint32_t bytes = 0;                          // of the whole frame, this header among them
    uint32_t number = 0;                         // in the stream
    bool key = false;                            // needs no frame before it
    uint64_t state_before = 0, state_after = 0;  // hashes; 0 before a key
    uint32_t count = 0;                          // Gaussians after it
    uint32_t changed = 0;                        // of these, new ones or of other latents or place
    std::array<Part, kStreamParts> parts;
    bool heads_apart = true;

    const Part& part(StreamPart which) const { return parts[static_cast<size_t>(which)]; }
    // What follows the header, its parts packed where that is less; `bytes` and `parts` become what
    // that takes.
    std::vector<std::byte> join(const FrameParts& all);
    std::vector<std::byte> pack() const;
    // Throws InputError, without naming the file, for what is no sound header.
    static FrameHeader unpack(std::span<const std::byte> packed);
    static bool starts(std::span<const std::byte> bytes);  // with the four bytes of a header
    // Takes apart what follows the header, checking and unpacking it; throws InputError saying what
    // is damaged.
    FrameParts split(std::span<const std::byte> payload) const;
};

}  // namespace longtake::gaussians
