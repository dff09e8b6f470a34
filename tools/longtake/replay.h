#pragma once

#include "core/video_writer.h"
#include "generator/take_record.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace longtake::cli {

// Leaves out the first `frames` frames: a recording may have begun later than its take.
class LateWriter : public FrameWriter {
  public:
    LateWriter(std::unique_ptr<FrameWriter> writer, int64_t frames)
        : writer_(std::move(writer)), left_out_(frames) {}

    void write(const Tensor& frames) override {
        const int64_t skipped = std::min(left_out_, frames.extent(0));
        left_out_ -= skipped;
        if (skipped < frames.extent(0)) {
            writer_->write(frames.slice(skipped, frames.extent(0)));
        }
    }
    void finish() override { writer_->finish(); }

  private:
    std::unique_ptr<FrameWriter> writer_;
    int64_t left_out_;
};

}  // namespace longtake::cli
