#pragma once

#include "render/vulkan.h"

#include <memory>
#include <string>
#include <vector>

namespace longtake::render {

enum class Validation { Off, Core, Synchronization };

struct InstanceOptions {
    std::vector<const char*> extensions = {};  // that a window system asks for
    Validation validation = Validation::Off;
};

// Vulkan itself. With validation on, every warning and error is kept.
class Instance {
  public:
    // Throws InputError when there is no Vulkan 1.3, or no validation layer where one is asked for.
    explicit Instance(const InstanceOptions& options);
    ~Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    VkInstance get() const { return instance_; }
    // What the validation layer found wrong so far.
    std::vector<std::string> messages() const;

  private:
    struct Messages;
    void listen();

    VkInstance instance_ = VK_NULL_HANDLE;
    VkDebugUtilsMessengerEXT messenger_ = VK_NULL_HANDLE;
    std::unique_ptr<Messages> messages_;
};

}  // namespace longtake::render
