#include "render/submission.h"

#include "tests/render/vulkan_test.h"

#include <chrono>
#include <thread>

namespace longtake::render {
namespace {

class SubmissionTest : public VulkanTest {};

TEST_F(SubmissionTest, NumbersRise) {
    Submission submission(device());
    EXPECT_EQ(submission.done(), 0u);
    for (uint64_t i = 1; i <= 5; ++i) {
        EXPECT_EQ(submission.next(), i);
        submission.begin();
        EXPECT_GE(submission.done() + Submission::kInFlight, i);  // no more in flight
        EXPECT_EQ(submission.submit(), i);
    }
    submission.wait(5);
    EXPECT_EQ(submission.done(), 5u);
}

TEST_F(SubmissionTest, ASecondDeviceIsIndependent) {
    const Device other(instance_);
    Submission a(device()), b(other);
    a.begin();
    b.begin();
    b.wait(b.submit());
    EXPECT_EQ(a.done(), 0u);
    a.wait(a.submit());
}

TEST_F(SubmissionTest, CopiesWaitForATimeline) {
    const auto timeline = make_timeline(device());
    Submission submission(device());
    submission.begin();
    submission.copy_after(timeline.get(), 7);
    submission.submit();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_EQ(submission.done(), 0u);
    VkSemaphoreSignalInfo signal{};
    signal.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO;
    signal.semaphore = timeline.get();
    signal.value = 7;
    ASSERT_EQ(vkSignalSemaphore(device().get(), &signal), VK_SUCCESS);
    submission.wait(1);
    submission.begin();  // which waits for nothing
    submission.wait(submission.submit());
}

// Without this, all the other tests could pass for want of a listener.
TEST_F(SubmissionTest, TheValidationLayerIsHeard) {
    const auto instance =
        std::make_shared<Instance>(InstanceOptions{.validation = Validation::Core});
    const Device misused(instance);
    const VkCommandPoolCreateInfo info{};  // of no type
    VkCommandPool pool = VK_NULL_HANDLE;
    vkCreateCommandPool(misused.get(), &info, nullptr, &pool);
    vkDestroyCommandPool(misused.get(), pool, nullptr);
    EXPECT_FALSE(instance->messages().empty());
}

}  // namespace
}  // namespace longtake::render
