#include "render/exported.h"

#include "render/memory.h"
#include "render/submission.h"

namespace longtake::render {
namespace {

template <typename Function> Function load(const Device& device, const char* name) {
    const auto function = reinterpret_cast<Function>(vkGetDeviceProcAddr(device.get(), name));
    check(function != nullptr, "Vulkan: {} has no {}", device.name(), name);
    return function;
}

}  // namespace

ExportedBuffer::ExportedBuffer(const Device& device, VkDeviceSize size, VkBufferUsageFlags usage)
    : size_(size) {
    VkExternalMemoryBufferCreateInfo external{};
    external.sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO;
    external.handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
    buffer_ = make_buffer(device, size, usage, &external);
    VkMemoryRequirements needs;
    vkGetBufferMemoryRequirements(device.get(), buffer_.get(), &needs);
    allocated_ = needs.size;

    VkMemoryDedicatedAllocateInfo dedicated{};
    dedicated.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO;
    dedicated.buffer = buffer_.get();
    VkExportMemoryAllocateInfo exported{};
    exported.sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO;
    exported.pNext = &dedicated;
    exported.handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
    memory_ = allocate(device, needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0, &exported);
    check_vk(vkBindBufferMemory(device.get(), buffer_.get(), memory_.get(), 0),
             "binding a shared buffer");
}

int ExportedBuffer::descriptor(const Device& device) const {
    VkMemoryGetFdInfoKHR info{};
    info.sType = VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR;
    info.memory = memory_.get();
    info.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
    int descriptor = -1;
    check_vk(
        load<PFN_vkGetMemoryFdKHR>(device, "vkGetMemoryFdKHR")(device.get(), &info, &descriptor),
        "sharing memory");
    return descriptor;
}

ExportedTimeline::ExportedTimeline(const Device& device) {
    VkExportSemaphoreCreateInfo exported{};
    exported.sType = VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO;
    exported.handleTypes = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT;
    semaphore_ = make_timeline(device, &exported);
}

int ExportedTimeline::descriptor(const Device& device) const {
    VkSemaphoreGetFdInfoKHR info{};
    info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_GET_FD_INFO_KHR;
    info.semaphore = semaphore_.get();
    info.handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT;
    int descriptor = -1;
    check_vk(load<PFN_vkGetSemaphoreFdKHR>(device, "vkGetSemaphoreFdKHR")(device.get(), &info,
                                                                          &descriptor),
             "sharing a timeline");
    return descriptor;
}

}  // namespace longtake::render
