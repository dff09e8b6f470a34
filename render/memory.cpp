#include "render/memory.h"

namespace longtake::render {

Handle<VkBuffer> make_buffer(const Device& device, VkDeviceSize size, VkBufferUsageFlags usage,
                             const void* more) {
    VkBufferCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
    info.pNext = more;
    info.size = size;
    info.usage = usage;
    VkBuffer buffer = VK_NULL_HANDLE;
    check_vk(vkCreateBuffer(device.get(), &info, nullptr, &buffer), "making a buffer");
    return {device.get(), buffer, vkDestroyBuffer};
}

Handle<VkDeviceMemory> allocate(const Device& device, const VkMemoryRequirements& needs,
                                VkMemoryPropertyFlags wanted, VkMemoryPropertyFlags better,
                                const void* more) {
    VkMemoryAllocateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
    info.pNext = more;
    info.allocationSize = needs.size;
    info.memoryTypeIndex = device.memory_type(needs.memoryTypeBits, wanted, better);
    VkDeviceMemory memory = VK_NULL_HANDLE;
    check_vk(vkAllocateMemory(device.get(), &info, nullptr, &memory), "allocating memory");
    return {device.get(), memory, vkFreeMemory};
}

Buffer::Buffer(const Device& device, VkDeviceSize size, VkBufferUsageFlags usage, bool host,
               bool read)
    : buffer_(make_buffer(device, size, usage)), size_(size) {
    VkMemoryRequirements needs;
    vkGetBufferMemoryRequirements(device.get(), get(), &needs);
    VkMemoryAllocateFlagsInfo flags{};
    flags.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO;
    flags.flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT;
    const bool addressed = (usage & VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT) != 0;
    memory_ =
        allocate(device, needs,
                 host ? VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT
                      : VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
                 read ? VK_MEMORY_PROPERTY_HOST_CACHED_BIT : 0, addressed ? &flags : nullptr);
    check_vk(vkBindBufferMemory(device.get(), get(), memory_.get(), 0), "binding a buffer");
    if (addressed) {
        VkBufferDeviceAddressInfo where{};
        where.sType = VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO;
        where.buffer = get();
        address_ = vkGetBufferDeviceAddress(device.get(), &where);
    }
    if (host) {
        void* data = nullptr;
        check_vk(vkMapMemory(device.get(), memory_.get(), 0, VK_WHOLE_SIZE, 0, &data),
                 "mapping a buffer");
        mapped_ = {static_cast<std::byte*>(data), size};
    }
}

Image::Image(const Device& device, VkExtent2D extent, VkFormat format, VkImageUsageFlags usage,
             VkComponentMapping swizzle)
    : extent_(extent), format_(format) {
    VkImageCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO;
    info.imageType = VK_IMAGE_TYPE_2D;
    info.format = format;
    info.extent = {extent.width, extent.height, 1};
    info.mipLevels = 1;
    info.arrayLayers = 1;
    info.samples = VK_SAMPLE_COUNT_1_BIT;
    info.tiling = VK_IMAGE_TILING_OPTIMAL;
    info.usage = usage;
    VkImage image = VK_NULL_HANDLE;
    check_vk(vkCreateImage(device.get(), &info, nullptr, &image), "making an image");
    image_ = {device.get(), image, vkDestroyImage};
    VkMemoryRequirements needs;
    vkGetImageMemoryRequirements(device.get(), image, &needs);
    memory_ = allocate(device, needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    check_vk(vkBindImageMemory(device.get(), image, memory_.get(), 0), "binding an image");
    view_ = make_view(device, image, format, swizzle);
}

Handle<VkImageView> make_view(const Device& device, VkImage image, VkFormat format,
                              VkComponentMapping swizzle) {
    VkImageViewCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO;
    info.image = image;
    info.viewType = VK_IMAGE_VIEW_TYPE_2D;
    info.format = format;
    info.components = swizzle;
    info.subresourceRange = whole(aspect_of(format));
    VkImageView view = VK_NULL_HANDLE;
    check_vk(vkCreateImageView(device.get(), &info, nullptr, &view), "making an image view");
    return {device.get(), view, vkDestroyImageView};
}

}  // namespace longtake::render
