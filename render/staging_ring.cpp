#include "render/staging_ring.h"

#include <algorithm>

namespace longtake::render {
namespace {

// Suits every copy from a buffer into an image of ours, vertices and indices, and shaders.
constexpr VkDeviceSize kAlignment = 256;

constexpr VkBufferUsageFlags kUsage =
    VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_VERTEX_BUFFER_BIT |
    VK_BUFFER_USAGE_INDEX_BUFFER_BIT | VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT;

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
    return {buffer_.get(), offset, buffer_.mapped().subspan(offset, size),
            buffer_.address() + offset};
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

void record_copy(VkCommandBuffer commands, VkBuffer from, VkDeviceSize offset, const Image& to) {
    transition(
        commands, to.get(),
        {.from_stage = VK_PIPELINE_STAGE_2_COPY_BIT | VK_PIPELINE_STAGE_2_FRAGMENT_SHADER_BIT,
         .from_access = VK_ACCESS_2_NONE,
         .to_stage = VK_PIPELINE_STAGE_2_COPY_BIT,
         .to_access = VK_ACCESS_2_TRANSFER_WRITE_BIT,
         .from = VK_IMAGE_LAYOUT_UNDEFINED,
         .to = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL});
    VkBufferImageCopy region{};
    region.bufferOffset = offset;
    region.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
    region.imageExtent = {to.extent().width, to.extent().height, 1};
    vkCmdCopyBufferToImage(commands, from, to.get(), VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1,
                           &region);
}

void record_upload(VkCommandBuffer commands, VkBuffer from, VkDeviceSize offset, const Image& to) {
    record_copy(commands, from, offset, to);
    transition(commands, to.get(),
               {.from_stage = VK_PIPELINE_STAGE_2_COPY_BIT,
                .from_access = VK_ACCESS_2_TRANSFER_WRITE_BIT,
                .to_stage = VK_PIPELINE_STAGE_2_FRAGMENT_SHADER_BIT,
                .to_access = VK_ACCESS_2_SHADER_SAMPLED_READ_BIT,
                .from = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                .to = VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL});
}

}  // namespace longtake::render
