#pragma once

#include "render/device.h"

#include <cstdint>
#include <span>

namespace longtake::render {

// A compute shader that takes all it needs by push constants, buffers by their addresses.
class ComputePipeline {
  public:
    // code: SPIR-V
    ComputePipeline(const Device& device, std::span<const uint32_t> code, uint32_t push_bytes);

    void dispatch(VkCommandBuffer commands, const void* push, uint32_t groups_x,
                  uint32_t groups_y = 1) const;
    // As many groups as three numbers in `arguments` say.
    void dispatch_indirect(VkCommandBuffer commands, const void* push, VkBuffer arguments) const;

  private:
    void bind(VkCommandBuffer commands, const void* push) const;

    uint32_t push_bytes_;
    Handle<VkPipelineLayout> layout_;
    Handle<VkPipeline> pipeline_;
};

// What was written by compute shaders is there for those to come, and for what they dispatch.
void finish_compute(VkCommandBuffer commands);

}  // namespace longtake::render
