#include "render/swapchain.h"

#include <algorithm>

namespace longtake::render {
namespace {

VkSurfaceFormatKHR format_of(const Device& device, VkSurfaceKHR surface) {
    uint32_t count = 0;
    check_vk(vkGetPhysicalDeviceSurfaceFormatsKHR(device.physical(), surface, &count, nullptr),
             "asking for the window's colours");
    std::vector<VkSurfaceFormatKHR> formats(count);
    vkGetPhysicalDeviceSurfaceFormatsKHR(device.physical(), surface, &count, formats.data());
    const auto plain = std::ranges::find_if(formats, [](const VkSurfaceFormatKHR& f) {
        return (f.format == VK_FORMAT_B8G8R8A8_UNORM || f.format == VK_FORMAT_R8G8B8A8_UNORM) &&
               f.colorSpace == VK_COLOR_SPACE_SRGB_NONLINEAR_KHR;
    });
    check_input(plain != formats.end(), "the window has no 8-bit sRGB colours on {}",
                device.name());
    return *plain;
}

Handle<VkSemaphore> binary_semaphore(const Device& device) {
    VkSemaphoreCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO;
    VkSemaphore semaphore = VK_NULL_HANDLE;
    check_vk(vkCreateSemaphore(device.get(), &info, nullptr, &semaphore), "making a semaphore");
    return {device.get(), semaphore, vkDestroySemaphore};
}

VkCompositeAlphaFlagBitsKHR alpha_of(VkCompositeAlphaFlagsKHR supported) {
    return (supported & VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR) != 0
               ? VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR
               : VK_COMPOSITE_ALPHA_INHERIT_BIT_KHR;
}

}  // namespace

Swapchain::Swapchain(const Device& device, VkSurfaceKHR surface)
    : device_(device), surface_(surface), format_(format_of(device, surface)) {
    for (auto& semaphore : acquired_) {
        semaphore = binary_semaphore(device);
    }
}

Swapchain::~Swapchain() {
    vkDeviceWaitIdle(device_.get());
    images_.clear();
    vkDestroySwapchainKHR(device_.get(), swapchain_, nullptr);
}

std::optional<Target> Swapchain::acquire(const Submission& submission, VkExtent2D extent) {
    const bool resized = extent.width != extent_.width || extent.height != extent_.height;
    if ((stale_ || resized) && !remake(extent)) {
        return std::nullopt;
    }
    const VkResult result = vkAcquireNextImageKHR(device_.get(), swapchain_, UINT64_MAX,
                                                  acquired(submission), VK_NULL_HANDLE, &current_);
    if (result == VK_ERROR_OUT_OF_DATE_KHR) {
        stale_ = true;
        return std::nullopt;
    }
    check_vk(result, "acquiring an image of the window");
    return Target{images_[current_].image, images_[current_].view.get(),    extent_,
                  format_.format,          VK_IMAGE_LAYOUT_PRESENT_SRC_KHR, takes_copies_};
}

VkSemaphore Swapchain::acquired(const Submission& submission) const {
    return acquired_[submission.slot()].get();
}

VkSemaphore Swapchain::drawn() const {
    return images_[current_].drawn.get();
}

void Swapchain::present() {
    const VkSemaphore drawn = images_[current_].drawn.get();
    VkPresentInfoKHR info{};
    info.sType = VK_STRUCTURE_TYPE_PRESENT_INFO_KHR;
    info.waitSemaphoreCount = 1;
    info.pWaitSemaphores = &drawn;
    info.swapchainCount = 1;
    info.pSwapchains = &swapchain_;
    info.pImageIndices = &current_;
    const VkResult result = vkQueuePresentKHR(device_.queue(), &info);
    if (result == VK_ERROR_OUT_OF_DATE_KHR || result == VK_SUBOPTIMAL_KHR) {
        stale_ = true;
    } else {
        check_vk(result, "showing an image");
    }
}

bool Swapchain::remake(VkExtent2D extent) {
    device_.wait_idle();
    VkSurfaceCapabilitiesKHR can{};
    check_vk(vkGetPhysicalDeviceSurfaceCapabilitiesKHR(device_.physical(), surface_, &can),
             "asking what the window can do");
    if (can.currentExtent.width != UINT32_MAX) {
        extent = can.currentExtent;
    }
    if (extent.width == 0 || extent.height == 0) {
        return false;
    }
    VkSwapchainCreateInfoKHR info{};
    info.sType = VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR;
    info.surface = surface_;
    info.minImageCount = can.maxImageCount == 0
                             ? can.minImageCount + 1
                             : std::min(can.minImageCount + 1, can.maxImageCount);
    info.imageFormat = format_.format;
    info.imageColorSpace = format_.colorSpace;
    info.imageExtent = extent;
    info.imageArrayLayers = 1;
    takes_copies_ = (can.supportedUsageFlags & VK_IMAGE_USAGE_TRANSFER_DST_BIT) != 0;
    info.imageUsage = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT;
    if (takes_copies_) {
        info.imageUsage |= VK_IMAGE_USAGE_TRANSFER_DST_BIT;
    }
    info.preTransform = can.currentTransform;
    info.compositeAlpha = alpha_of(can.supportedCompositeAlpha);
    info.presentMode = VK_PRESENT_MODE_FIFO_KHR;
    info.clipped = VK_TRUE;
    info.oldSwapchain = swapchain_;
    VkSwapchainKHR fresh = VK_NULL_HANDLE;
    check_vk(vkCreateSwapchainKHR(device_.get(), &info, nullptr, &fresh), "making a swapchain");
    images_.clear();
    vkDestroySwapchainKHR(device_.get(), swapchain_, nullptr);
    swapchain_ = fresh;
    extent_ = extent;
    uint32_t count = 0;
    vkGetSwapchainImagesKHR(device_.get(), swapchain_, &count, nullptr);
    std::vector<VkImage> images(count);
    vkGetSwapchainImagesKHR(device_.get(), swapchain_, &count, images.data());
    for (VkImage image : images) {
        images_.push_back(
            {image, make_view(device_, image, format_.format), binary_semaphore(device_)});
    }
    stale_ = false;
    return true;
}

}  // namespace longtake::render
