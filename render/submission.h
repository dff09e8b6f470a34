#pragma once

#include "render/device.h"

#include <array>
#include <cstdint>

namespace longtake::render {

// A timeline semaphore, at 0; `more` is chained to what makes it.
Handle<VkSemaphore> make_timeline(const Device& device, const void* more = nullptr);

// Records command buffers and submits them in order, two in flight at most. Submissions are
// numbered from 1 along a timeline semaphore.
class Submission {
  public:
    static constexpr size_t kInFlight = 2;

    explicit Submission(const Device& device);
    ~Submission();
    Submission(const Submission&) = delete;
    Submission& operator=(const Submission&) = delete;

    // Begins to record; waits first until the submission before the last is done.
    VkCommandBuffer begin();
    // What is being recorded waits, before it copies, until `timeline` has come to `value`.
    void copy_after(VkSemaphore timeline, uint64_t value) { copies_after_ = {timeline, value}; }
    // Ends and submits it; returns its number. Waits for `acquired` before a target is written and
    // signals `drawn`, binary semaphores of a swapchain, where given.
    uint64_t submit(VkSemaphore acquired = VK_NULL_HANDLE, VkSemaphore drawn = VK_NULL_HANDLE);
    void wait(uint64_t number) const;

    // Which of kInFlight sets of per-submission resources the one being recorded may use.
    size_t slot() const { return next_ % kInFlight; }
    uint64_t next() const { return next_; }  // number of the one being recorded
    uint64_t done() const;                   // all up to this number are done

  private:
    const Device& device_;
    Handle<VkSemaphore> timeline_;
    std::array<Handle<VkCommandPool>, kInFlight> pools_;
    std::array<VkCommandBuffer, kInFlight> commands_{};
    uint64_t next_ = 1;
    struct Point {
        VkSemaphore timeline = VK_NULL_HANDLE;
        uint64_t value = 0;
    } copies_after_;
};

// What must be finished before what, and the layout an image has between the two.
struct Transition {
    VkPipelineStageFlags2 from_stage;
    VkAccessFlags2 from_access;
    VkPipelineStageFlags2 to_stage;
    VkAccessFlags2 to_access;
    VkImageLayout from;
    VkImageLayout to;
    VkImageAspectFlags aspect = VK_IMAGE_ASPECT_COLOR_BIT;
};
void transition(VkCommandBuffer commands, VkImage image, const Transition& t);

// The same for all buffers.
struct Dependency {
    VkPipelineStageFlags2 from_stage;
    VkAccessFlags2 from_access;
    VkPipelineStageFlags2 to_stage;
    VkAccessFlags2 to_access;
};
void depend(VkCommandBuffer commands, const Dependency& d);

}  // namespace longtake::render
