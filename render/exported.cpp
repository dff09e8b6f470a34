#include "render/exported.h"

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
    VkBufferCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
    info.pNext = &external;
    info.size = size;
    info.usage = usage;
    VkBuffer buffer = VK_NULL_HANDLE;
    check_vk(vkCreateBuffer(device.get(), &info, nullptr, &buffer), "making a shared buffer");
    buffer_ = {device.get(), buffer, vkDestroyBuffer};
    VkMemoryRequirements needs;
    vkGetBufferMemoryRequirements(device.get(), buffer, &needs);
    allocated_ = needs.size;

    VkMemoryDedicatedAllocateInfo dedicated{};
    dedicated.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO;
    dedicated.buffer = buffer;
    VkExportMemoryAllocateInfo exported{};
    exported.sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO;
    exported.pNext = &dedicated;
    exported.handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
    VkMemoryAllocateInfo allocation{};
    allocation.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
    allocation.pNext = &exported;
    allocation.allocationSize = needs.size;
    allocation.memoryTypeIndex =
        device.memory_type(needs.memoryTypeBits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    VkDeviceMemory memory = VK_NULL_HANDLE;
    check_vk(vkAllocateMemory(device.get(), &allocation, nullptr, &memory),
             "allocating shared memory");
    memory_ = {device.get(), memory, vkFreeMemory};
    check_vk(vkBindBufferMemory(device.get(), buffer, memory, 0), "binding a shared buffer");
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
