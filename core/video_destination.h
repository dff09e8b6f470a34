#pragma once

#include <filesystem>
#include <string>

namespace longtake {

// What a destination string means; see make_frame_writer.
struct VideoDestination {
    enum class Kind { File, Stream, PngFolder };

    // Throws InputError when `text` is none of them. `stream_format` says what stdout, a pipe or a
    // device gets.
    static VideoDestination parse(const std::string& text, const std::string& stream_format);

    Kind kind;
    std::string shown;           // as the user wrote it
    std::filesystem::path path;  // of a file or folder
    std::string url;             // of a stream, as FFmpeg takes it
    std::string format;          // FFmpeg's name of the muxer
    std::string codec;           // what is usual in there
};

}  // namespace longtake
