#include "render/staging_ring.h"

#include <algorithm>

namespace longtake::render {
namespace {

// Suits every copy from a buffer into an image of ours, and vertices and indices.
constexpr VkDeviceSize kAlignment = 256;

constexpr VkBufferUsageFlags kUsage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                                      VK_BUFFER_USAGE_VERTEX_BUFFER_BIT |
                                      VK_BUFFER_USAGE_INDEX_BUFFER_BIT;

VkDeviceSize aligned(VkDeviceSize size) {
    return (size + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

StagingRing::StagingRing(const Device& device, VkDeviceSize capacity)
    : device_(device), buffer_(device, aligned(capacity), kUsage, true) {}

StagingRing::Piece StagingRing::take(const Submission& submission, VkDeviceSize size) {
    size = std::max(aligned(size), kAlignment);
    free_done(submission.done());
    VkDeviceSize offset = 0;
    while (!fits(size, offset)) {
        if (size > capacity() || used_.front().submission == submission.next()) {
            grow(submission, size);
        } else {
            submission.wait(used_.front().submission);
            free_done(submission.done());
        }
    }
    used_.push_back({offset, offset + size, submission.next()});
    return {buffer_.get(), offset, buffer_.mapped().subspan(offset, size)};
}

bool StagingRing::fits(VkDeviceSize size, VkDeviceSize& offset) const {
    if (used_.empty()) {
        offset = 0;
        return size <= capacity();
    }
    const VkDeviceSize begin = used_.front().begin;
    const VkDeviceSize end = used_.back().end;
    if (end > begin) {  // free: after the newest, then before the oldest
        offset = end + size <= capacity() ? end : 0;
        return offset == end || size <= begin;
    }
    offset = end;
    return end + size <= begin;
}

void StagingRing::free_done(uint64_t done) {
    while (!used_.empty() && used_.front().submission <= done) {
        used_.pop_front();
    }
    while (!retired_.empty() && retired_.front().submission <= done) {
        retired_.pop_front();
    }
}

void StagingRing::grow(const Submission& submission, VkDeviceSize size) {
    const VkDeviceSize wanted = std::max(2 * capacity(), size);
    retired_.push_back({std::move(buffer_), submission.next()});
    buffer_ = Buffer(device_, wanted, kUsage, true);
    used_.clear();
}

}  // namespace longtake::render
