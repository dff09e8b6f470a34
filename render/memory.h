#pragma once

#include "render/device.h"

#include <cstddef>
#include <span>

namespace longtake::render {

// A buffer without memory, and memory of a kind; `more` is chained to what is asked for.
Handle<VkBuffer> make_buffer(const Device& device, VkDeviceSize size, VkBufferUsageFlags usage,
                             const void* more = nullptr);
Handle<VkDeviceMemory> allocate(const Device& device, const VkMemoryRequirements& needs,
                                VkMemoryPropertyFlags wanted, VkMemoryPropertyFlags better = 0,
                                const void* more = nullptr);

// A buffer in memory of its own. Few and large ones are made, none in the steady state, so that
// nothing is gained by sharing blocks; memory that another API imports has to stand alone anyway.
class Buffer {
  public:
    Buffer() = default;
    // `host`: mapped for as long as it lives, coherent. `read`: by the host, whose caches are then
    // of use.
    Buffer(const Device& device, VkDeviceSize size, VkBufferUsageFlags usage, bool host,
           bool read = false);

    VkBuffer get() const { return buffer_.get(); }
    VkDeviceSize size() const { return size_; }
    std::span<std::byte> mapped() const { return mapped_; }  // empty unless `host`
    // For shaders; of one made with VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT, else 0.
    VkDeviceAddress address() const { return address_; }

  private:
    Handle<VkDeviceMemory> memory_;  // outlives the buffer
    Handle<VkBuffer> buffer_;
    VkDeviceSize size_ = 0;
    VkDeviceAddress address_ = 0;
    std::span<std::byte> mapped_;
};

// A 2D image of colours or depths in memory of its own, with one view of it.
class Image {
  public:
    Image() = default;
    Image(const Device& device, VkExtent2D extent, VkFormat format, VkImageUsageFlags usage,
          VkComponentMapping swizzle = {});

    VkImage get() const { return image_.get(); }
    VkImageView view() const { return view_.get(); }
    VkExtent2D extent() const { return extent_; }
    VkFormat format() const { return format_; }

  private:
    Handle<VkDeviceMemory> memory_;
    Handle<VkImage> image_;
    Handle<VkImageView> view_;
    VkExtent2D extent_{};
    VkFormat format_ = VK_FORMAT_UNDEFINED;
};

constexpr VkFormat kDepthFormat = VK_FORMAT_D32_SFLOAT;
constexpr VkImageAspectFlags aspect_of(VkFormat format) {
    return format == kDepthFormat ? VK_IMAGE_ASPECT_DEPTH_BIT : VK_IMAGE_ASPECT_COLOR_BIT;
}
// All of an image.
constexpr VkImageSubresourceRange whole(VkImageAspectFlags aspect) {
    return {aspect, 0, 1, 0, 1};
}

Handle<VkImageView> make_view(const Device& device, VkImage image, VkFormat format,
                              VkComponentMapping swizzle = {});

}  // namespace longtake::render
