#include "render/compute_pipeline.h"

#include "render/pipeline.h"
#include "render/submission.h"

namespace longtake::render {

ComputePipeline::ComputePipeline(const Device& device, std::span<const uint32_t> code,
                                 uint32_t push_bytes)
    : push_bytes_(push_bytes) {
    const VkPushConstantRange range{VK_SHADER_STAGE_COMPUTE_BIT, 0, push_bytes};
    VkPipelineLayoutCreateInfo layout_info{};
    layout_info.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
    layout_info.pushConstantRangeCount = 1;
    layout_info.pPushConstantRanges = &range;
    VkPipelineLayout layout = VK_NULL_HANDLE;
    check_vk(vkCreatePipelineLayout(device.get(), &layout_info, nullptr, &layout),
             "making a pipeline layout");
    layout_ = {device.get(), layout, vkDestroyPipelineLayout};

    const auto shader = make_shader(device, code);
    VkComputePipelineCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO;
    info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
    info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
    info.stage.module = shader.get();
    info.stage.pName = "main";
    info.layout = layout;
    VkPipeline pipeline = VK_NULL_HANDLE;
    check_vk(vkCreateComputePipelines(device.get(), VK_NULL_HANDLE, 1, &info, nullptr, &pipeline),
             "making a compute pipeline");
    pipeline_ = {device.get(), pipeline, vkDestroyPipeline};
}

void ComputePipeline::bind(VkCommandBuffer commands, const void* push) const {
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline_.get());
    vkCmdPushConstants(commands, layout_.get(), VK_SHADER_STAGE_COMPUTE_BIT, 0, push_bytes_, push);
}

void ComputePipeline::dispatch(VkCommandBuffer commands, const void* push, uint32_t groups_x,
                               uint32_t groups_y) const {
    bind(commands, push);
    vkCmdDispatch(commands, groups_x, groups_y, 1);
}

void ComputePipeline::dispatch_indirect(VkCommandBuffer commands, const void* push,
                                        VkBuffer arguments) const {
    bind(commands, push);
    vkCmdDispatchIndirect(commands, arguments, 0);
}

void finish_compute(VkCommandBuffer commands) {
    depend(
        commands,
        {.from_stage = VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT,
         .from_access = VK_ACCESS_2_SHADER_STORAGE_WRITE_BIT,
         .to_stage = VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_2_DRAW_INDIRECT_BIT,
         .to_access = VK_ACCESS_2_SHADER_STORAGE_READ_BIT | VK_ACCESS_2_SHADER_STORAGE_WRITE_BIT |
                      VK_ACCESS_2_INDIRECT_COMMAND_READ_BIT});
}

}  // namespace longtake::render
