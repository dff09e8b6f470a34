#pragma once

#include "core/av_handles.h"

#include <chrono>
#include <string>

namespace longtake::av {

// One video stream into a file or a network address.
class Muxer {
  public:
    struct Target {
        std::string url;     // as FFmpeg takes it
        std::string shown;   // as the user wrote it
        std::string format;  // FFmpeg's name of the muxer
        std::chrono::seconds patience{10};
    };

    // Connects and writes the header. Throws InputError when the target cannot be opened or cannot
    // hold the encoder's codec.
    Muxer(Target target, const AVCodecContext& encoder);

    static bool wants_global_header(const std::string& format);

    // Timestamps of `packet` are in the encoder's time base. All three throw Error when the target
    // does not take the bytes.
    void write(AVPacket& packet);
    // Everything written so far leaves for the target.
    void flush();
    // Writes what belongs at the end and closes the target.
    void finish();

  private:
    void check_written(int code) const;

    Target target_;
    Deadline deadline_;
    AVRational time_base_;
    Output output_;
};

}  // namespace longtake::av
