#pragma once

#include "render/memory.h"
#include "render/submission.h"

#include <cstddef>
#include <deque>
#include <span>

namespace longtake::render {

// Host memory through which data reaches the device: a mapped buffer that is used round and round.
// A piece belongs to the submission being recorded and is free again when that is done.
class StagingRing {
  public:
    StagingRing(const Device& device, VkDeviceSize capacity);

    struct Piece {
        VkBuffer buffer;
        VkDeviceSize offset;
        std::span<std::byte> bytes;
        VkDeviceAddress address;  // for shaders
    };
    // Waits for older submissions when the ring is full; grows when `size` is more than all of it,
    // or the submission being recorded holds the rest.
    Piece take(const Submission& submission, VkDeviceSize size);

    VkDeviceSize capacity() const { return buffer_.size(); }

  private:
    struct Used {
        VkDeviceSize begin, end;
        uint64_t submission;
    };
    struct Retired {
        Buffer buffer;
        uint64_t submission;
    };
    bool fits(VkDeviceSize size, VkDeviceSize& offset) const;
    void free_done(uint64_t done);
    void grow(const Submission& submission, VkDeviceSize size);

    const Device& device_;
    Buffer buffer_;
    std::deque<Used> used_;  // oldest first
    std::deque<Retired> retired_;
};

// Records the copy of a buffer's bytes, from `offset` on, to an image whose content they replace;
// the image is left to be copied to.
void record_copy(VkCommandBuffer commands, VkBuffer from, VkDeviceSize offset, const Image& to);
// The same into an image that fragment shaders sample, rows without gaps: after those of earlier
// submissions, before those to come.
void record_upload(VkCommandBuffer commands, VkBuffer from, VkDeviceSize offset, const Image& to);

}  // namespace longtake::render
