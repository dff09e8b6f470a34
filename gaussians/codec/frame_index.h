#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace longtake::gaussians {

// Where the frames of a stream lie.
class FrameIndex {
  public:
    struct Entry {
        uint64_t offset;
        uint32_t bytes;
        bool key;
    };

    // `begin`: where the first frame does.
    explicit FrameIndex(uint64_t begin = 0) : end_(begin) {}

    void add(uint32_t bytes, bool key) {
        entries_.push_back({.offset = end_, .bytes = bytes, .key = key});
        end_ += bytes;
    }
    void cut(size_t frames) {
        end_ = frames < entries_.size() ? entries_[frames].offset : end_;
        entries_.resize(frames);
    }
    size_t size() const { return entries_.size(); }
    const Entry& operator[](size_t i) const { return entries_[i]; }
    uint64_t end() const { return end_; }             // behind the last frame
    void skip_to(uint64_t offset) { end_ = offset; }  // the next frame does not follow the last
    // The first key at `frame` or after it; nothing where there is none.
    std::optional<size_t> key_after(size_t frame) const;
    // The last key at `frame` or before it; nothing where there is none.
    std::optional<size_t> key_before(size_t frame) const;

    // What stands behind the last frame of a finished stream: index and footer.
    std::vector<std::byte> pack() const;
    static constexpr size_t kFooterBytes = 32;
    // Whether an index begins there.
    static bool starts(std::span<const std::byte> bytes);
    // Of the last bytes of a stream: how many index and footer take; nothing when there is none.
    static std::optional<uint64_t> packed_bytes(std::span<const std::byte> tail);
    // Of these; `begin` and `end` are where the first frame and where the index starts. Nothing
    // when it is unsound.
    static std::optional<FrameIndex> unpack(std::span<const std::byte> packed, uint64_t begin,
                                            uint64_t end);

  private:
    std::vector<Entry> entries_;
    uint64_t end_;
};

}  // namespace longtake::gaussians
