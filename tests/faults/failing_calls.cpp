#include <dlfcn.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <string_view>

// Loaded into the program before its libraries (LD_PRELOAD): the call number LONGTAKE_FAIL_AT, from
// 1 on, of what LONGTAKE_FAIL names, and all that come after it, fail; of Vulkan, where
// LONGTAKE_FAIL_COMES_BACK is set, until there is another device. How many there were is left in
// LONGTAKE_FAIL_COUNT.
namespace {

std::atomic<int> calls{0};
std::atomic<bool> failed{false}, back{false};

bool fails(const char* name) {
    const char* wanted = std::getenv("LONGTAKE_FAIL");
    if (wanted == nullptr || std::string_view(wanted) != name) {
        return false;
    }
    const char* at = std::getenv("LONGTAKE_FAIL_AT");
    const int number = ++calls;
    if (const char* file = std::getenv("LONGTAKE_FAIL_COUNT")) {
        std::ofstream(file) << number;
    }
    const bool now = at != nullptr && number >= std::atoi(at) && !back;
    failed = failed || now;
    return now;
}

template <typename Function> Function* real(Function*, const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" int listen(int socket, int backlog) {
    static auto* const call = real(&listen, "listen");
    return fails("listen") ? -1 : call(socket, backlog);
}

#ifdef LONGTAKE_FAIL_VULKAN
#include <vulkan/vulkan.h>

extern "C" VkResult vkCreateDevice(VkPhysicalDevice physical, const VkDeviceCreateInfo* info,
                                   const VkAllocationCallbacks* memory, VkDevice* device) {
    static auto* const call = real(&vkCreateDevice, "vkCreateDevice");
    back = failed && std::getenv("LONGTAKE_FAIL_COMES_BACK") != nullptr;
    return call(physical, info, memory, device);
}
extern "C" VkResult vkQueueSubmit2(VkQueue queue, uint32_t count, const VkSubmitInfo2* submits,
                                   VkFence fence) {
    static auto* const call = real(&vkQueueSubmit2, "vkQueueSubmit2");
    return fails("vkQueueSubmit2") ? VK_ERROR_DEVICE_LOST : call(queue, count, submits, fence);
}
extern "C" VkResult vkWaitSemaphores(VkDevice device, const VkSemaphoreWaitInfo* info,
                                     uint64_t timeout) {
    static auto* const call = real(&vkWaitSemaphores, "vkWaitSemaphores");
    // What it works on is done with before it is gone: a driver of a CPU cannot be stopped.
    const VkResult result = call(device, info, timeout);
    return fails("vkWaitSemaphores") ? VK_ERROR_DEVICE_LOST : result;
}
#endif

#ifdef LONGTAKE_CUDA
#include <cuda_runtime_api.h>

extern "C" cudaError_t cudaMalloc(void** data, size_t bytes) {
    static auto* const call = real(&cudaMalloc, "cudaMalloc");
    return fails("cudaMalloc") ? cudaErrorMemoryAllocation : call(data, bytes);
}
#endif
