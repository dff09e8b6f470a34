#pragma once

#include "core/arena.h"
#include "core/byte_source.h"
#include "core/device.h"
#include "gaussians/codec/coding_state.h"
#include "gaussians/codec/frame_header.h"
#include "gaussians/codec/frame_index.h"
#include "gaussians/codec/stream_info.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace longtake::gaussians {

// Whether an address is that of a stream, told by its first bytes; of what is no file (http, a
// pipe, a playlist) it is expected.
bool is_stream(const std::string& address);

// The frames of a stream of Gaussians (FORMAT.md), from a file that is finished or still grows, an
// http address, a playlist or a pipe. All that is wrong with a stream is an InputError naming
// stream, frame and byte.
class StreamReader {
  public:
    struct Options {
        Device device = Device::Cpu;  // where the state is
        bool verify = false;          // compute every state's hash and compare
        bool skip_damaged = false;    // go on with the next sound key
    };

    explicit StreamReader(const std::string& address) : StreamReader(address, Options()) {}
    StreamReader(const std::string& address, const Options& options);

    const StreamInfo& info() const { return info_; }
    // Of a stream that can be read anywhere; of one that grows, as many as are complete now.
    std::optional<int64_t> frame_count();
    bool finished() const { return finished_; }  // it has its index: no more frames come
    const FrameIndex& index() const { return index_; }

    // The next frame to read, counted from the stream's first. Throws InputError when the stream
    // has no such frame, or goes one way and is beyond it.
    void seek(int64_t frame);
    // Reads a frame, which is done when it returns; false behind the last one that is complete.
    bool next();
    // Both are valid until the next frame is read.
    const FixedCloud& state() const { return state_.cloud; }
    const CodingState& coding_state() const { return state_; }
    const FrameHeader& frame() const { return header_; }
    // A frame as it is in the stream, sound; of those that `frame_count` counts.
    std::vector<std::byte> copy(int64_t frame);
    FrameHeader header(int64_t frame);

  private:
    void find_index();
    void walk();
    bool find_key();
    void load();
    Arena& memory();
    [[noreturn]] void refuse(size_t frame, uint64_t offset, const char* why) const;

    Options options_;
    // What frames are decoded in, by turns.
    std::array<std::unique_ptr<Arena>, 2> arenas_;
    std::array<std::optional<Arena::Scope>, 2> scopes_;
    size_t turn_ = 0;
    std::unique_ptr<ByteSource> source_;
    StreamInfo info_;
    FrameIndex index_;
    bool seekable_ = false, finished_ = false;
    size_t next_ = 0;           // frame to read
    std::optional<size_t> at_;  // frame of the state
    CodingState state_;
    FrameHeader header_;  // of the state
    FrameHeader ahead_;   // of the last frame that `walk` found
};

}  // namespace longtake::gaussians
