#include "render/device.h"

#include "core/gpu_uuid.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace longtake::render {
namespace {

constexpr std::array kExporting{VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME,
                                VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME};

bool has_extension(VkPhysicalDevice device, std::string_view name) {
    uint32_t count = 0;
    vkEnumerateDeviceExtensionProperties(device, nullptr, &count, nullptr);
    std::vector<VkExtensionProperties> extensions(count);
    vkEnumerateDeviceExtensionProperties(device, nullptr, &count, extensions.data());
    return std::ranges::any_of(
        extensions, [&](const VkExtensionProperties& e) { return name == e.extensionName; });
}

bool exports_timelines(VkPhysicalDevice device) {
    VkSemaphoreTypeCreateInfo type{};
    type.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO;
    type.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE;
    VkPhysicalDeviceExternalSemaphoreInfo info{};
    info.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SEMAPHORE_INFO;
    info.pNext = &type;
    info.handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT;
    VkExternalSemaphoreProperties properties{};
    properties.sType = VK_STRUCTURE_TYPE_EXTERNAL_SEMAPHORE_PROPERTIES;
    vkGetPhysicalDeviceExternalSemaphoreProperties(device, &info, &properties);
    return (properties.externalSemaphoreFeatures & VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT) !=
           0;
}

bool can_export(VkPhysicalDevice device) {
    return std::ranges::all_of(kExporting,
                               [&](const char* name) { return has_extension(device, name); }) &&
           exports_timelines(device);
}

std::array<uint8_t, VK_UUID_SIZE> uuid_of(VkPhysicalDevice device) {
    VkPhysicalDeviceIDProperties id{};
    id.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES;
    VkPhysicalDeviceProperties2 properties{};
    properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
    properties.pNext = &id;
    vkGetPhysicalDeviceProperties2(device, &properties);
    return std::to_array(id.deviceUUID);
}

bool has_features(VkPhysicalDevice device) {
    VkPhysicalDeviceVulkan13Features v13{};
    v13.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES;
    VkPhysicalDeviceVulkan12Features v12{};
    v12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
    v12.pNext = &v13;
    VkPhysicalDeviceFeatures2 features{};
    features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
    features.pNext = &v12;
    vkGetPhysicalDeviceFeatures2(device, &features);
    return v13.dynamicRendering && v13.synchronization2 && v13.maintenance4 &&
           v12.timelineSemaphore && v12.bufferDeviceAddress;
}

// The queue family that draws, and presents where there is a surface.
std::optional<uint32_t> family_of(VkPhysicalDevice device, VkSurfaceKHR surface) {
    uint32_t count = 0;
    vkGetPhysicalDeviceQueueFamilyProperties(device, &count, nullptr);
    std::vector<VkQueueFamilyProperties> families(count);
    vkGetPhysicalDeviceQueueFamilyProperties(device, &count, families.data());
    for (uint32_t i = 0; i < count; ++i) {
        VkBool32 presents = surface == VK_NULL_HANDLE;
        if (surface != VK_NULL_HANDLE) {
            vkGetPhysicalDeviceSurfaceSupportKHR(device, i, surface, &presents);
        }
        if ((families[i].queueFlags & VK_QUEUE_GRAPHICS_BIT) != 0 && presents) {
            return i;
        }
    }
    return std::nullopt;
}

int rank_of(VkPhysicalDeviceType type) {
    switch (type) {
        case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU: return 4;
        case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU: return 3;
        case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU: return 2;
        case VK_PHYSICAL_DEVICE_TYPE_CPU: return 1;
        default: return 0;
    }
}

}  // namespace

Device::Device(std::shared_ptr<const Instance> instance, VkSurfaceKHR surface)
    : instance_(std::move(instance)), presents_(surface != VK_NULL_HANDLE) {
    uint32_t count = 0;
    vkEnumeratePhysicalDevices(instance_->get(), &count, nullptr);
    std::vector<VkPhysicalDevice> devices(count);
    vkEnumeratePhysicalDevices(instance_->get(), &count, devices.data());
    const auto cuda = gpu_uuid();
    int best = -1;
    for (VkPhysicalDevice device : devices) {
        VkPhysicalDeviceProperties properties;
        vkGetPhysicalDeviceProperties(device, &properties);
        const bool fits = properties.apiVersion >= VK_API_VERSION_1_3 && has_features(device) &&
                          (!presents_ || has_extension(device, VK_KHR_SWAPCHAIN_EXTENSION_NAME));
        const auto family = fits ? family_of(device, surface) : std::nullopt;
        const int rank = 2 * rank_of(properties.deviceType) + (cuda == uuid_of(device) ? 1 : 0);
        if (family && rank > best) {
            best = rank;
            physical_ = device;
            family_ = *family;
            properties_ = properties;
        }
    }
    check_input(best >= 0,
                "no device here speaks Vulkan 1.3 ({} looked at); install mesa-vulkan-drivers, "
                "which draws on the CPU, or the driver of the GPU",
                count);
    uuid_ = uuid_of(physical_);
    exports_ = can_export(physical_);
    create();
}

void Device::create() {
    VkPhysicalDeviceVulkan13Features v13{};
    v13.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES;
    v13.dynamicRendering = VK_TRUE;
    v13.synchronization2 = VK_TRUE;
    v13.maintenance4 = VK_TRUE;
    VkPhysicalDeviceVulkan12Features v12{};
    v12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
    v12.pNext = &v13;
    v12.timelineSemaphore = VK_TRUE;
    v12.bufferDeviceAddress = VK_TRUE;
    const float priority = 1;
    VkDeviceQueueCreateInfo queue{};
    queue.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
    queue.queueFamilyIndex = family_;
    queue.queueCount = 1;
    queue.pQueuePriorities = &priority;
    std::vector<const char*> extensions;
    if (presents_) {
        extensions.push_back(VK_KHR_SWAPCHAIN_EXTENSION_NAME);
    }
    if (exports_) {
        extensions.insert(extensions.end(), kExporting.begin(), kExporting.end());
    }
    VkDeviceCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
    info.pNext = &v12;
    info.queueCreateInfoCount = 1;
    info.pQueueCreateInfos = &queue;
    info.enabledExtensionCount = static_cast<uint32_t>(extensions.size());
    info.ppEnabledExtensionNames = extensions.data();
    check_vk(vkCreateDevice(physical_, &info, nullptr, &device_), "making a device");
    vkGetDeviceQueue(device_, family_, 0, &queue_);
    vkGetPhysicalDeviceMemoryProperties(physical_, &memory_);
}

Device::~Device() {
    vkDestroyDevice(device_, nullptr);
}

std::string Device::name() const {
    return properties_.deviceName;
}

bool Device::is_cpu() const {
    return properties_.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
}

uint32_t Device::memory_type(uint32_t allowed, VkMemoryPropertyFlags wanted,
                             VkMemoryPropertyFlags better) const {
    for (const VkMemoryPropertyFlags kind : {wanted | better, wanted}) {
        for (uint32_t i = 0; i < memory_.memoryTypeCount; ++i) {
            if ((allowed >> i & 1U) != 0 && (memory_.memoryTypes[i].propertyFlags & kind) == kind) {
                return i;
            }
        }
    }
    fail("Vulkan: {} has no memory of kind {:#x}", name(), wanted);
}

void Device::wait_idle() const {
    check_vk(vkDeviceWaitIdle(device_), "waiting for the device");
}

}  // namespace longtake::render
