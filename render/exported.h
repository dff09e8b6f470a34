#pragma once

#include "render/device.h"

namespace longtake::render {

// Memory and timelines of a device that exports, for other APIs to import. A descriptor is the
// caller's, and who imports it owns it from then on.

// A buffer on the device, in memory of its own.
class ExportedBuffer {
  public:
    ExportedBuffer() = default;
    ExportedBuffer(const Device& device, VkDeviceSize size, VkBufferUsageFlags usage);

    VkBuffer get() const { return buffer_.get(); }
    VkDeviceSize size() const { return size_; }
    VkDeviceSize allocated() const { return allocated_; }  // bytes that are imported
    int descriptor(const Device& device) const;

  private:
    Handle<VkDeviceMemory> memory_;  // outlives the buffer
    Handle<VkBuffer> buffer_;
    VkDeviceSize size_ = 0, allocated_ = 0;
};

// A timeline semaphore, at 0.
class ExportedTimeline {
  public:
    explicit ExportedTimeline(const Device& device);

    VkSemaphore get() const { return semaphore_.get(); }
    int descriptor(const Device& device) const;

  private:
    Handle<VkSemaphore> semaphore_;
};

}  // namespace longtake::render
