#include "render/vulkan.h"

namespace longtake::render {
namespace {

const char* name_of(VkResult result) {
    switch (result) {
        case VK_ERROR_OUT_OF_HOST_MEMORY: return "out of memory";
        case VK_ERROR_OUT_OF_DEVICE_MEMORY: return "out of device memory";
        case VK_ERROR_INITIALIZATION_FAILED: return "initialization failed";
        case VK_ERROR_LAYER_NOT_PRESENT: return "layer not present";
        case VK_ERROR_EXTENSION_NOT_PRESENT: return "extension not present";
        case VK_ERROR_FEATURE_NOT_PRESENT: return "feature not present";
        case VK_ERROR_INCOMPATIBLE_DRIVER: return "no driver";
        case VK_ERROR_SURFACE_LOST_KHR: return "surface lost";
        default: return "error";
    }
}

}  // namespace

void check_vk(VkResult result, const char* what) {
    if (result == VK_ERROR_DEVICE_LOST) {
        throw DeviceLost(fmt::format("the graphics device was lost ({}); start anew", what));
    }
    check(result >= 0, "Vulkan: {}: {} ({})", what, name_of(result), static_cast<int>(result));
}

}  // namespace longtake::render
