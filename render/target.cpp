#include "render/target.h"

#include "render/submission.h"

namespace longtake::render {

void begin_drawing(VkCommandBuffer commands, const Target& target, const Colour& clear) {
    transition(commands, target.image,
               {.from_stage =
                    VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT | VK_PIPELINE_STAGE_2_COPY_BIT,
                .from_access = 0,
                .to_stage = VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT,
                .to_access =
                    VK_ACCESS_2_COLOR_ATTACHMENT_WRITE_BIT | VK_ACCESS_2_COLOR_ATTACHMENT_READ_BIT,
                .from = VK_IMAGE_LAYOUT_UNDEFINED,
                .to = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL});
    VkRenderingAttachmentInfo colour{};
    colour.sType = VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO;
    colour.imageView = target.view;
    colour.imageLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL;
    colour.loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR;
    colour.storeOp = VK_ATTACHMENT_STORE_OP_STORE;
    colour.clearValue.color = {{clear.r, clear.g, clear.b, 1}};
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
