#pragma once

#include "render/device.h"
#include "render/memory.h"
#include "render/submission.h"
#include "render/target.h"

#include <array>
#include <optional>
#include <vector>

namespace longtake::render {

// The images of a window, shown without tearing.
class Swapchain {
  public:
    // `surface` must outlive it. Throws InputError when its colours are not plain 8-bit sRGB.
    Swapchain(const Device& device, VkSurfaceKHR surface);
    ~Swapchain();
    Swapchain(const Swapchain&) = delete;
    Swapchain& operator=(const Swapchain&) = delete;

    VkFormat format() const { return format_.format; }
    // The next image to draw to, of the window's present size `extent`; nothing while the window
    // has none (minimized) or changes. After Submission::begin, before its submit.
    std::optional<Target> acquire(const Submission& submission, VkExtent2D extent);
    VkSemaphore acquired(const Submission& submission) const;
    VkSemaphore drawn() const;
    // Shows the acquired image once it is drawn.
    void present();

  private:
    struct Shown {
        VkImage image;
        Handle<VkImageView> view;
        Handle<VkSemaphore> drawn;
    };
    bool remake(VkExtent2D extent);

    const Device& device_;
    VkSurfaceKHR surface_;
    VkSurfaceFormatKHR format_{};
    VkSwapchainKHR swapchain_ = VK_NULL_HANDLE;
    VkExtent2D extent_{};
    bool takes_copies_ = false;
    bool stale_ = true;
    std::vector<Shown> images_;
    std::array<Handle<VkSemaphore>, Submission::kInFlight> acquired_;
    uint32_t current_ = 0;
};

}  // namespace longtake::render
