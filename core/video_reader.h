#pragma once

#include "core/frame_rate.h"
#include "core/tensor.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace longtake {

// The frames of any video that FFmpeg reads: a file or a network address. Every complaint about it
// is an InputError.
class VideoReader {
  public:
    // With Growing::Yes somebody still writes it: the packet that it ends with so far may be half
    // written, and what needs it is left for later.
    enum class Growing : uint8_t { No, Yes };
    // Whoever asks to `stop` ends its waiting for a network.
    explicit VideoReader(const std::string& source, Growing growing = Growing::No,
                         std::stop_token stop = {});
    ~VideoReader();
    VideoReader(VideoReader&&) noexcept;
    VideoReader& operator=(VideoReader&&) noexcept;

    int64_t height() const;
    int64_t width() const;
    FrameRate frame_rate() const;
    // The next frame [H, W, 3] of 8-bit sRGB; nothing at the end. Frames that change their size on
    // the way are scaled to that of the first.
    std::optional<Tensor> next();
    // What grows came to its end, and there is more: next() goes on with it. A file must have
    // become longer; an address is called again, and a camera goes on with what it sees then. False
    // otherwise.
    bool go_on();
    // About how many frames a file that grows has behind the last one, by their bytes so far.
    int64_t waiting() const;

  private:
    bool call_again();

    struct State;
    std::unique_ptr<State> state_;
};

// All frames [T, H, W, 3]; throws InputError when there are none or more than `max_frames`.
Tensor read_video(const std::string& source, int64_t max_frames);

}  // namespace longtake
