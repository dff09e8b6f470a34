#pragma once

#include "core/muxer.h"
#include "core/video_destination.h"
#include "core/video_encoder.h"
#include "core/video_writer.h"

#include <filesystem>

namespace longtake {

// Encodes into a file or a stream. A file stands under a temporary name until `finish`; without
// `finish` it stays there, as playable as far as it goes.
class EncodedWriter : public FrameWriter {
  public:
    EncodedWriter(const VideoDestination& destination, const VideoOptions& options);
    ~EncodedWriter() override;

    void write(const Tensor& frames) override;
    void finish() override;

  private:
    // The name of an unfinished file, which goes away unless somebody keeps it.
    struct PartialFile {
        ~PartialFile();
        void remove();
        std::filesystem::path path;  // empty for a stream
        bool keep = false;
    };
    enum class State { Open, Closed, Failed };

    template <typename Step> void guarded(Step&& step);
    void close();

    VideoDestination destination_;
    VideoOptions options_;
    PartialFile partial_;
    av::VideoEncoder encoder_;
    av::Muxer muxer_;
    int64_t unflushed_ = 0;  // frames
    State state_ = State::Open;
};

}  // namespace longtake
