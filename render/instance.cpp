#include "render/instance.h"

#include <array>
#include <mutex>

namespace longtake::render {

struct Instance::Messages {
    std::mutex mutex;
    std::vector<std::string> texts;
};

namespace {

constexpr const char* kLayer = "VK_LAYER_KHRONOS_validation";

bool has_validation_layer() {
    uint32_t count = 0;
    vkEnumerateInstanceLayerProperties(&count, nullptr);
    std::vector<VkLayerProperties> layers(count);
    vkEnumerateInstanceLayerProperties(&count, layers.data());
    for (const auto& layer : layers) {
        if (std::string_view(layer.layerName) == kLayer) {
            return true;
        }
    }
    return false;
}

template <typename Function> Function load(VkInstance instance, const char* name) {
    return reinterpret_cast<Function>(vkGetInstanceProcAddr(instance, name));
}

}  // namespace

Instance::Instance(const InstanceOptions& options) : messages_(std::make_unique<Messages>()) {
    uint32_t version = 0;
    check_input(vkEnumerateInstanceVersion(&version) == VK_SUCCESS && version >= VK_API_VERSION_1_3,
                "Vulkan 1.3 is not here; install a newer libvulkan1");
    const bool validate = options.validation != Validation::Off;
    check_input(!validate || has_validation_layer(),
                "the Vulkan validation layer is not here; install vulkan-validationlayers");
    std::vector<const char*> extensions = options.extensions;
    if (validate) {
        extensions.push_back(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
    }
    const VkApplicationInfo app{.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                .pNext = nullptr,
                                .pApplicationName = "longtake",
                                .applicationVersion = 0,
                                .pEngineName = "longtake",
                                .engineVersion = 0,
                                .apiVersion = VK_API_VERSION_1_3};
    const VkValidationFeatureEnableEXT synchronization =
        VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;
    VkValidationFeaturesEXT features{};
    features.sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT;
    features.enabledValidationFeatureCount = 1;
    features.pEnabledValidationFeatures = &synchronization;
    VkInstanceCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
    info.pNext = options.validation == Validation::Synchronization ? &features : nullptr;
    info.pApplicationInfo = &app;
    info.enabledLayerCount = validate ? 1 : 0;
    info.ppEnabledLayerNames = &kLayer;
    info.enabledExtensionCount = static_cast<uint32_t>(extensions.size());
    info.ppEnabledExtensionNames = extensions.data();
    const VkResult result = vkCreateInstance(&info, nullptr, &instance_);
    check_input(result != VK_ERROR_INCOMPATIBLE_DRIVER,
                "there is no Vulkan driver; install mesa-vulkan-drivers or that of the GPU");
    check_vk(result, "making an instance");
    if (validate) {
        listen();
    }
}

Instance::~Instance() {
    if (messenger_ != VK_NULL_HANDLE) {
        load<PFN_vkDestroyDebugUtilsMessengerEXT>(instance_, "vkDestroyDebugUtilsMessengerEXT")(
            instance_, messenger_, nullptr);
    }
    vkDestroyInstance(instance_, nullptr);
}

void Instance::listen() {
    VkDebugUtilsMessengerCreateInfoEXT info{};
    info.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT;
    info.messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
                           VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
    info.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT |
                       VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT;
    info.pUserData = messages_.get();
    info.pfnUserCallback =
        [](VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT,
           const VkDebugUtilsMessengerCallbackDataEXT* data, void* user) -> VkBool32 {
        auto& messages = *static_cast<Messages*>(user);
        const std::lock_guard lock(messages.mutex);
        messages.texts.emplace_back(data->pMessage);
        return VK_FALSE;
    };
    check_vk(load<PFN_vkCreateDebugUtilsMessengerEXT>(instance_, "vkCreateDebugUtilsMessengerEXT")(
                 instance_, &info, nullptr, &messenger_),
             "listening to the validation layer");
}

std::vector<std::string> Instance::messages() const {
    const std::lock_guard lock(messages_->mutex);
    return messages_->texts;
}

}  // namespace longtake::render
