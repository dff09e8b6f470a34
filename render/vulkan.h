#pragma once

#include "core/error.h"

#include <vulkan/vulkan.h>

#include <utility>

namespace longtake::render {

// The device went away while it worked; nothing made on it is of further use.
class DeviceLost : public Error {
  public:
    using Error::Error;
};

// Throws Error (DeviceLost) unless `result` is a success; `what` was being done.
void check_vk(VkResult result, const char* what);

// Owns a Vulkan object together with the function that destroys it.
template <typename T> class Handle {
  public:
    using Destroy = void (*)(VkDevice, T, const VkAllocationCallbacks*);

    Handle() = default;
    Handle(VkDevice device, T object, Destroy destroy)
        : device_(device), object_(object), destroy_(destroy) {}
    Handle(Handle&& other) noexcept { swap(other); }
    Handle& operator=(Handle&& other) noexcept {
        Handle(std::move(other)).swap(*this);
        return *this;
    }
    ~Handle() {
        if (object_ != VK_NULL_HANDLE) {
            destroy_(device_, object_, nullptr);
        }
    }

    T get() const { return object_; }
    const T* address() const { return &object_; }

  private:
    void swap(Handle& other) noexcept {
        std::swap(device_, other.device_);
        std::swap(object_, other.object_);
        std::swap(destroy_, other.destroy_);
    }

    VkDevice device_ = VK_NULL_HANDLE;
    T object_ = VK_NULL_HANDLE;
    Destroy destroy_ = nullptr;
};

}  // namespace longtake::render
