#pragma once

#include "render/instance.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>

namespace longtake::render {

// A device and its one queue, with what desktop drivers and lavapipe share of Vulkan 1.3: dynamic
// rendering, synchronization2, timeline semaphores, addresses of buffers.
class Device {
  public:
    // The best device, GPUs before CPUs and CUDA's GPU before its like, that can present to
    // `surface` where there is one. Throws InputError when there is none.
    explicit Device(std::shared_ptr<const Instance> instance,
                    VkSurfaceKHR surface = VK_NULL_HANDLE);
    ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    VkDevice get() const { return device_; }
    VkPhysicalDevice physical() const { return physical_; }
    VkQueue queue() const { return queue_; }
    uint32_t queue_family() const { return family_; }
    std::string name() const;
    bool is_cpu() const;  // a software rasterizer
    // By which other APIs know it, too.
    const std::array<uint8_t, VK_UUID_SIZE>& uuid() const { return uuid_; }
    // Whether it hands memory and timelines to other APIs, as file descriptors.
    bool exports() const { return exports_; }
    const VkPhysicalDeviceLimits& limits() const { return properties_.limits; }
    // The type among `allowed` bits that has all of `wanted`, and of `better` where there is one;
    // throws Error when there is none.
    uint32_t memory_type(uint32_t allowed, VkMemoryPropertyFlags wanted,
                         VkMemoryPropertyFlags better = 0) const;
    void wait_idle() const;

  private:
    void create();

    std::shared_ptr<const Instance> instance_;
    VkPhysicalDevice physical_ = VK_NULL_HANDLE;
    uint32_t family_ = 0;
    bool presents_;
    bool exports_ = false;
    std::array<uint8_t, VK_UUID_SIZE> uuid_{};
    VkDevice device_ = VK_NULL_HANDLE;
    VkQueue queue_ = VK_NULL_HANDLE;
    VkPhysicalDeviceProperties properties_{};
    VkPhysicalDeviceMemoryProperties memory_{};
};

}  // namespace longtake::render
