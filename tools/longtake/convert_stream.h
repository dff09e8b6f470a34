#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace longtake::cli {

// A frame of a stream as a file of Gaussians, or (a name without an end) all of it as a folder of
// pieces and their playlist.
void convert_stream(const std::string& input, const std::string& output,
                    std::optional<int64_t> frame);

// Clouds of a folder, in the order of their names, as a stream; every `period`th is a key.
struct SequenceOptions {
    std::string frame_rate = "30";
    int64_t period = 30;
};
// Whether `input` is a folder of clouds, or a pattern such as frames/*.ply.
bool is_cloud_sequence(const std::string& input);
void convert_sequence(const std::string& input, const std::string& output,
                      const SequenceOptions& options);

}  // namespace longtake::cli
