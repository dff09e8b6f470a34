#pragma once

#include "core/av_handles.h"
#include "core/picture_converter.h"
#include "core/video_writer.h"

#include <functional>

namespace longtake::av {

// Frames in, packets out, none held back: packet n belongs to frame n, and its pts in the
// encoder's time base (the length of a frame) is n.
class VideoEncoder {
  public:
    using Emit = std::function<void(AVPacket&)>;

    // `codec` stands for an empty options.codec. Throws InputError when the options do not fit the
    // encoder or this FFmpeg has none.
    VideoEncoder(const VideoOptions& options, const std::string& codec, bool global_header);

    const AVCodecContext& context() const { return *codec_; }
    // rgb [H, W, 3].
    void encode(const uint8_t* rgb, const Emit& emit);
    // The packets that an encoder held back after all. Ends the encoder.
    void drain(const Emit& emit);

  private:
    void receive(const Emit& emit);

    Codec codec_;
    Frame rgb_, picture_;
    Packet packet_;
    PictureConverter converter_;
    int64_t frames_ = 0;
};

}  // namespace longtake::av
