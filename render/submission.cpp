#include "render/submission.h"

#include "render/memory.h"

#include <utility>

namespace longtake::render {

Handle<VkSemaphore> make_timeline(const Device& device, const void* more) {
    VkSemaphoreTypeCreateInfo type{};
    type.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO;
    type.pNext = more;
    type.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE;
    VkSemaphoreCreateInfo semaphore{};
    semaphore.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO;
    semaphore.pNext = &type;
    VkSemaphore timeline = VK_NULL_HANDLE;
    check_vk(vkCreateSemaphore(device.get(), &semaphore, nullptr, &timeline),
             "making a timeline semaphore");
    return {device.get(), timeline, vkDestroySemaphore};
}

Submission::Submission(const Device& device) : device_(device), timeline_(make_timeline(device)) {
    for (size_t i = 0; i < kInFlight; ++i) {
        VkCommandPoolCreateInfo info{};
        info.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
        info.flags = VK_COMMAND_POOL_CREATE_TRANSIENT_BIT;
        info.queueFamilyIndex = device.queue_family();
        VkCommandPool pool = VK_NULL_HANDLE;
        check_vk(vkCreateCommandPool(device.get(), &info, nullptr, &pool), "making a pool");
        pools_[i] = {device.get(), pool, vkDestroyCommandPool};
        VkCommandBufferAllocateInfo buffer{};
        buffer.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
        buffer.commandPool = pool;
        buffer.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
        buffer.commandBufferCount = 1;
        check_vk(vkAllocateCommandBuffers(device.get(), &buffer, &commands_[i]),
                 "making a command buffer");
    }
}

Submission::~Submission() {
    vkDeviceWaitIdle(device_.get());
}

VkCommandBuffer Submission::begin() {
    if (next_ > kInFlight) {
        wait(next_ - kInFlight);
    }
    check_vk(vkResetCommandPool(device_.get(), pools_[slot()].get(), 0), "resetting a pool");
    VkCommandBufferBeginInfo info{};
    info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
    info.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
    check_vk(vkBeginCommandBuffer(commands_[slot()], &info), "recording");
    return commands_[slot()];
}

uint64_t Submission::submit(VkSemaphore acquired, VkSemaphore drawn) {
    check_vk(vkEndCommandBuffer(commands_[slot()]), "recording");
    const auto semaphore = [](VkSemaphore s, uint64_t value, VkPipelineStageFlags2 stage) {
        VkSemaphoreSubmitInfo info{};
        info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO;
        info.semaphore = s;
        info.value = value;
        info.stageMask = stage;
        return info;
    };
    std::array<VkSemaphoreSubmitInfo, 2> waits;
    uint32_t wait_count = 0;
    if (acquired != VK_NULL_HANDLE) {
        waits[wait_count++] =
            semaphore(acquired, 0,
                      VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT |
                          VK_PIPELINE_STAGE_2_COPY_BIT | VK_PIPELINE_STAGE_2_CLEAR_BIT);
    }
    if (const Point after = std::exchange(copies_after_, {}); after.timeline != VK_NULL_HANDLE) {
        waits[wait_count++] = semaphore(after.timeline, after.value, VK_PIPELINE_STAGE_2_COPY_BIT);
    }
    const std::array signals{
        semaphore(timeline_.get(), next_, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT),
        semaphore(drawn, 0, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT)};
    VkCommandBufferSubmitInfo commands{};
    commands.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO;
    commands.commandBuffer = commands_[slot()];
    VkSubmitInfo2 info{};
    info.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO_2;
    info.waitSemaphoreInfoCount = wait_count;
    info.pWaitSemaphoreInfos = waits.data();
    info.commandBufferInfoCount = 1;
    info.pCommandBufferInfos = &commands;
    info.signalSemaphoreInfoCount = drawn != VK_NULL_HANDLE ? 2 : 1;
    info.pSignalSemaphoreInfos = signals.data();
    check_vk(vkQueueSubmit2(device_.queue(), 1, &info, VK_NULL_HANDLE), "submitting");
    return next_++;
}

void Submission::wait(uint64_t number) const {
    const VkSemaphore semaphore = timeline_.get();
    VkSemaphoreWaitInfo info{};
    info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO;
    info.semaphoreCount = 1;
    info.pSemaphores = &semaphore;
    info.pValues = &number;
    check_vk(vkWaitSemaphores(device_.get(), &info, UINT64_MAX), "waiting for a submission");
}

uint64_t Submission::done() const {
    uint64_t value = 0;
    check_vk(vkGetSemaphoreCounterValue(device_.get(), timeline_.get(), &value),
             "reading the timeline");
    return value;
}

void transition(VkCommandBuffer commands, VkImage image, const Transition& t) {
    VkImageMemoryBarrier2 barrier{};
    barrier.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER_2;
    barrier.srcStageMask = t.from_stage;
    barrier.srcAccessMask = t.from_access;
    barrier.dstStageMask = t.to_stage;
    barrier.dstAccessMask = t.to_access;
    barrier.oldLayout = t.from;
    barrier.newLayout = t.to;
    barrier.srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
    barrier.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
    barrier.image = image;
    barrier.subresourceRange = whole(t.aspect);
    VkDependencyInfo info{};
    info.sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO;
    info.imageMemoryBarrierCount = 1;
    info.pImageMemoryBarriers = &barrier;
    vkCmdPipelineBarrier2(commands, &info);
}

void depend(VkCommandBuffer commands, const Dependency& d) {
    VkMemoryBarrier2 barrier{};
    barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER_2;
    barrier.srcStageMask = d.from_stage;
    barrier.srcAccessMask = d.from_access;
    barrier.dstStageMask = d.to_stage;
    barrier.dstAccessMask = d.to_access;
    VkDependencyInfo info{};
    info.sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO;
    info.memoryBarrierCount = 1;
    info.pMemoryBarriers = &barrier;
    vkCmdPipelineBarrier2(commands, &info);
}

}  // namespace longtake::render
