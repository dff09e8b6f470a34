#pragma once

#include "core/frame_rate.h"
#include "core/tensor.h"

#include <memory>
#include <string>

namespace longtake {

struct VideoOptions {
    int64_t height = 0, width = 0;  // of every frame
    FrameRate frame_rate;
    std::string codec;         // h264 h265 av1 vp9 ffv1 raw, or an encoder's name in FFmpeg; empty:
                               // the usual one of the container
    std::string preset;        // the encoder's own word for its effort; empty: a fast one
    double crf = -1;           // quality, lower is better; negative: the encoder's usual
    int64_t bit_rate = 0;      // bits a second; 0: as many as `crf` takes
    std::string pixel_format;  // FFmpeg's name; empty: yuv420p, and lossless RGB for ffv1 and raw
    int group = 0;    // frames from one keyframe to the next; 0: a second of them. A killed process
                      // loses fewer frames than this of those it had written.
    int threads = 1;  // of the encoder
    std::string stream_format = "mp4";  // to stdout, a pipe or a device: mp4 mkv ts flv y4m raw
};

// Where frames go.
class FrameWriter {
  public:
    FrameWriter() = default;
    virtual ~FrameWriter() = default;
    FrameWriter(const FrameWriter&) = delete;
    FrameWriter& operator=(const FrameWriter&) = delete;

    // frames [T, H, W, 3] of 8-bit sRGB in CPU memory. Throws Error when they cannot be stored (a
    // full disk, a closed connection); the writer is of no further use then.
    virtual void write(const Tensor& frames) = 0;
    // Makes what was written whole and, for a file, gives it its final name. Also the right end of
    // an interrupted take. Writing nothing leaves nothing.
    virtual void finish() = 0;
};

// Throws Error unless frames are [T, height, width, 3] of uint8 in CPU memory.
void check_frames(const Tensor& frames, int64_t height, int64_t width);

// The writer for a destination:
//   x.mp4 .mov .mkv .webm .ts .y4m   a file; until `finish` it is x.mp4.partial, which plays too
//   frames/                          a folder, made if need be, of numbered PNG images
//   rtmp:// srt:// udp:// tcp://     a stream; programs must ignore SIGPIPE for this and the next
//   -, a pipe or a device            a stream in options.stream_format
// Throws InputError when the destination or an option cannot be used.
std::unique_ptr<FrameWriter> make_frame_writer(const std::string& destination,
                                               const VideoOptions& options);

}  // namespace longtake
