#pragma once

#include "gaussians/codec/coding_state.h"
#include "gaussians/codec/frame_header.h"
#include "gaussians/codec/frame_index.h"
#include "gaussians/codec/residual.h"
#include "gaussians/codec/stream_info.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <vector>

namespace longtake::gaussians {

// A stream of Gaussians (FORMAT.md), frame by frame. It grows as NAME.partial, which can be played
// meanwhile, and gets its name with `finish`; what was not finished can be resumed.
class StreamWriter {
  public:
    // What a decoder has after a key: row i is row order[i] of what was given.
    struct Key {
        FixedCloud cloud;
        std::vector<int32_t> order;
    };

    // What becomes of NAME.partial when nobody calls `finish`.
    enum class Unfinished : uint8_t { Keep, Remove };

    // Throws InputError when it cannot be written there. What was left of an unfinished stream of
    // that name is lost.
    StreamWriter(const std::filesystem::path& path, const StreamInfo& info,
                 Unfinished unfinished = Unfinished::Keep);
    ~StreamWriter();
    StreamWriter(StreamWriter&&) noexcept = default;
    StreamWriter& operator=(StreamWriter&&) = delete;
    // Goes on with NAME.partial after its last complete segment: all before its last key, which is
    // the next frame to write. Throws InputError when it is none or its settings are others.
    static StreamWriter resume(const std::filesystem::path& path, const StreamInfo& info);
    // False where there is no NAME.partial, or no more in it than the beginning of this stream's
    // head.
    static bool can_resume(const std::filesystem::path& path, const StreamInfo& info);

    // Both write the next frame, put it into the file and return the state that every decoder then
    // has, on the device of what is given, whose streams must be done with it. Other than the
    // first, a frame may be either.
    Key key(const FixedCloud& cloud);
    const FixedCloud& residual(const Residual& residual);
    // A frame of another stream, as StreamReader::copy gives it; only a key may follow but copies.
    void copy(std::vector<std::byte> frame);

    const StreamInfo& info() const { return info_; }
    int64_t frame_count() const { return static_cast<int64_t>(index_.size()); }
    const FixedCloud& state() const { return state_.cloud; }  // after the last frame
    const FrameHeader& last() const { return last_; }         // what that cost

    // Writes the index and gives the file its name.
    void finish();

  private:
    StreamWriter() = default;
    void open(const std::filesystem::path& path, bool anew);
    void put(std::span<const std::byte> bytes);
    void append(FrameHeader header, const FrameParts& parts);
    void end_frame(const FrameHeader& header);
    uint32_t next_number() const {
        return static_cast<uint32_t>(info_.first_frame + frame_count());
    }

    std::filesystem::path path_, partial_;
    StreamInfo info_;
    Unfinished unfinished_ = Unfinished::Keep;
    std::ofstream file_;
    FrameIndex index_;
    CodingState state_;
    FrameHeader last_;
};

}  // namespace longtake::gaussians
