#include "render/splats/splat_projection.h"

#include "render/shaders/project.comp.h"
#include "render/splats/depth_order.h"

namespace longtake::render {
namespace {

constexpr uint32_t kGroup = 256;

struct Push {
    VkDeviceAddress view;
    SplatMemory::Addresses columns;
    VkDeviceAddress keys, splats;
};

}  // namespace

SplatProjection::SplatProjection(const Device& device)
    : device_(device), pipeline_(device, kProjectComp, sizeof(Push)) {}

void SplatProjection::reserve(uint32_t count) {
    const VkDeviceSize bytes = kSplatBytes * count;
    if (bytes > splats_.size()) {
        device_.wait_idle();
        splats_ = Buffer(
            device_, splats_.size() > 0 ? bytes + bytes / 4 : bytes,
            VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT, false);
    }
}

void SplatProjection::record(VkCommandBuffer commands, VkDeviceAddress view,
                             const SplatMemory& memory, const SortMemory& order) const {
    const Push push{view, memory.addresses(),
                    order.keys[RadixSort::begins_in(kDepthBits)].address(), splats_.address()};
    pipeline_.dispatch(commands, &push, (memory.count() + kGroup - 1) / kGroup);
    finish_compute(commands);
}

}  // namespace longtake::render
