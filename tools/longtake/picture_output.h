#pragma once

#include "core/video_writer.h"

#include <memory>
#include <string>

namespace longtake::cli {

// Where the pictures of an option go: a single PNG, or whatever make_frame_writer knows, which
// encodes while the next is drawn.
class PictureOutput {
  public:
    // No destination takes nothing. Throws InputError, naming the option, when it cannot be
    // written.
    PictureOutput(const std::string& option, std::string destination, const VideoOptions& video);

    static bool is_single(const std::string& destination) { return destination.ends_with(".png"); }
    bool wanted() const { return !destination_.empty(); }
    void write(const Tensor& image);  // [H, W, 3]
    void finish();

  private:
    std::string destination_;
    std::unique_ptr<FrameWriter> writer_;  // none for a single PNG
};

}  // namespace longtake::cli
