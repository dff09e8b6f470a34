#include "render/target.h"

#include "render/memory.h"
#include "render/submission.h"

#include <algorithm>

namespace longtake::render {

void copy_to(const Target& target, VkCommandBuffer commands, VkBuffer picture, const Rect& where,
             const Colour& background) {
    constexpr VkPipelineStageFlags2 kWriting =
        VK_PIPELINE_STAGE_2_COPY_BIT | VK_PIPELINE_STAGE_2_CLEAR_BIT;
    transition(commands, target.image,
               {.from_stage = VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT | kWriting,
                .from_access = VK_ACCESS_2_NONE,
                .to_stage = kWriting,
                .to_access = VK_ACCESS_2_TRANSFER_WRITE_BIT,
                .from = VK_IMAGE_LAYOUT_UNDEFINED,
                .to = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL});
    const VkOffset3D corner{where.x, where.y, 0};
    const VkExtent3D extent{std::min(static_cast<uint32_t>(where.width),
                                     target.extent.width - static_cast<uint32_t>(where.x)),
                            std::min(static_cast<uint32_t>(where.height),
                                     target.extent.height - static_cast<uint32_t>(where.y)),
                            1};
    if (extent.width < target.extent.width || extent.height < target.extent.height) {
        const VkClearColorValue clear{{background.r, background.g, background.b, 1}};
        const auto all = whole(VK_IMAGE_ASPECT_COLOR_BIT);
        vkCmdClearColorImage(commands, target.image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, &clear,
                             1, &all);
        depend(commands, {.from_stage = VK_PIPELINE_STAGE_2_CLEAR_BIT,
                          .from_access = VK_ACCESS_2_TRANSFER_WRITE_BIT,
                          .to_stage = VK_PIPELINE_STAGE_2_COPY_BIT,
                          .to_access = VK_ACCESS_2_TRANSFER_WRITE_BIT});
    }
    VkBufferImageCopy region{};
    region.bufferRowLength = static_cast<uint32_t>(where.width);
    region.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
    region.imageOffset = corner;
    region.imageExtent = extent;
    vkCmdCopyBufferToImage(commands, picture, target.image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1,
                           &region);
}

void begin_drawing(VkCommandBuffer commands, const Target& target,
                   const std::optional<Colour>& clear) {
    transition(commands, target.image,
               {.from_stage =
                    VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT | VK_PIPELINE_STAGE_2_COPY_BIT,
                .from_access = clear ? VK_ACCESS_2_NONE : VK_ACCESS_2_TRANSFER_WRITE_BIT,
                .to_stage = VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT,
                .to_access =
                    VK_ACCESS_2_COLOR_ATTACHMENT_WRITE_BIT | VK_ACCESS_2_COLOR_ATTACHMENT_READ_BIT,
                .from = clear ? VK_IMAGE_LAYOUT_UNDEFINED : VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                .to = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL});
    VkRenderingAttachmentInfo colour{};
    colour.sType = VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO;
    colour.imageView = target.view;
    colour.imageLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL;
    colour.loadOp = clear ? VK_ATTACHMENT_LOAD_OP_CLEAR : VK_ATTACHMENT_LOAD_OP_LOAD;
    colour.storeOp = VK_ATTACHMENT_STORE_OP_STORE;
    if (clear) {
        colour.clearValue.color = {{clear->r, clear->g, clear->b, 1}};
    }
    VkRenderingInfo info{};
    info.sType = VK_STRUCTURE_TYPE_RENDERING_INFO;
    info.renderArea = {{0, 0}, target.extent};
    info.layerCount = 1;
    info.colorAttachmentCount = 1;
    info.pColorAttachments = &colour;
    vkCmdBeginRendering(commands, &info);
}

void end_drawing(VkCommandBuffer commands, const Target& target) {
    vkCmdEndRendering(commands);
    const bool copied_next = target.layout_after == VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL;
    transition(commands, target.image,
               {.from_stage = VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT,
                .from_access = VK_ACCESS_2_COLOR_ATTACHMENT_WRITE_BIT,
                .to_stage = copied_next ? VK_PIPELINE_STAGE_2_COPY_BIT : VK_PIPELINE_STAGE_2_NONE,
                .to_access = copied_next ? VK_ACCESS_2_TRANSFER_READ_BIT : VK_ACCESS_2_NONE,
                .from = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
                .to = target.layout_after});
}

}  // namespace longtake::render
