#pragma once

#include "core/video_writer.h"

#include <filesystem>

namespace longtake {

// frame_000000.png, frame_000001.png, ... in a folder.
class PngSequenceWriter : public FrameWriter {
  public:
    // Makes the folder. Throws InputError when that fails or when frames of another take are in it.
    PngSequenceWriter(std::filesystem::path folder, const VideoOptions& options);

    void write(const Tensor& frames) override;
    void finish() override {}

  private:
    std::filesystem::path folder_;
    int64_t height_, width_;
    int64_t frames_ = 0;
};

}  // namespace longtake
