#include "render/offscreen.h"

namespace longtake::render {

Offscreen::Offscreen(const Device& device, VkExtent2D extent)
    : image_(device, extent, kFormat,
             VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT |
                 VK_IMAGE_USAGE_TRANSFER_DST_BIT),
      host_(device, VkDeviceSize{4} * extent.width * extent.height,
            VK_BUFFER_USAGE_TRANSFER_DST_BIT, true, true) {}

Target Offscreen::target() const {
    return {
        image_.get(), image_.view(), image_.extent(), kFormat, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
        true};
}

void Offscreen::record_read_back(VkCommandBuffer commands) const {
    VkBufferImageCopy region{};
    region.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
    region.imageExtent = {image_.extent().width, image_.extent().height, 1};
    vkCmdCopyImageToBuffer(commands, image_.get(), VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                           host_.get(), 1, &region);
    VkBufferMemoryBarrier2 barrier{};
    barrier.sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_BARRIER_2;
    barrier.srcStageMask = VK_PIPELINE_STAGE_2_COPY_BIT;
    barrier.srcAccessMask = VK_ACCESS_2_TRANSFER_WRITE_BIT;
    barrier.dstStageMask = VK_PIPELINE_STAGE_2_HOST_BIT;
    barrier.dstAccessMask = VK_ACCESS_2_HOST_READ_BIT;
    barrier.srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
    barrier.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
    barrier.buffer = host_.get();
    barrier.size = VK_WHOLE_SIZE;
    VkDependencyInfo info{};
    info.sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO;
    info.bufferMemoryBarrierCount = 1;
    info.pBufferMemoryBarriers = &barrier;
    vkCmdPipelineBarrier2(commands, &info);
}

Tensor Offscreen::picture() const {
    Tensor picture({image_.extent().height, image_.extent().width, 3}, DType::U8);
    const auto* from = reinterpret_cast<const uint8_t*>(host_.mapped().data());
    auto* to = picture.data<uint8_t>();
    const int64_t pixels = picture.count() / 3;
    for (int64_t i = 0; i < pixels; ++i, from += 4, to += 3) {
        to[0] = from[0];
        to[1] = from[1];
        to[2] = from[2];
    }
    return picture;
}

}  // namespace longtake::render
