#pragma once

#include "gaussians/codec/residual.h"
#include "gaussians/codec/stream_writer.h"
#include "gaussians/scene/cloud.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace longtake::gaussians {

// Clouds that nobody trained as a stream, one for each frame, written as one. Where a cloud has as
// many Gaussians as the one before, row i is taken for the same Gaussian and its change is written,
// in the steps to which keys round; else it is a key. So is every `period`th.
class CloudSequenceWriter {
  public:
    // The first cloud's size and degree decide the settings. Throws as StreamWriter.
    CloudSequenceWriter(std::filesystem::path path, FrameRate frame_rate, int64_t period);

    // Throws InputError for a cloud of another degree.
    void add(const Cloud& cloud);
    const FrameHeader& last() const { return writer_->last(); }
    void finish() { writer_->finish(); }

  private:
    std::filesystem::path path_;
    FrameRate frame_rate_;
    int64_t period_;
    std::optional<StreamWriter> writer_;
    std::vector<int32_t> order_;  // rows of the state as rows of the clouds
};

// What makes `now` of `state`, row by row, but for half a step or less.
Residual difference_of(const FixedCloud& state, const FixedCloud& now);

}  // namespace longtake::gaussians
