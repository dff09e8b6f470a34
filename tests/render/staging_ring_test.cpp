#include "render/staging_ring.h"

#include "tests/render/vulkan_test.h"

#include <cstring>
#include <vector>

namespace longtake::render {
namespace {

class StagingRingTest : public VulkanTest {
  protected:
    // Copies `bytes` of `value` through the ring into `to`.
    static void copy(VkCommandBuffer commands, const Submission& submission, StagingRing& ring,
                     uint8_t value, VkDeviceSize bytes, const Buffer& to, VkDeviceSize offset) {
        const auto piece = ring.take(submission, bytes);
        std::memset(piece.bytes.data(), value, bytes);
        const VkBufferCopy region{piece.offset, offset, bytes};
        vkCmdCopyBuffer(commands, piece.buffer, to.get(), 1, &region);
    }
};

// Many pieces of odd sizes, far more than the ring holds: none is overwritten before it was read.
TEST_F(StagingRingTest, PiecesLastUntilTheirSubmissionIsDone) {
    constexpr VkDeviceSize kPart = 700;
    constexpr size_t kSubmissions = 40, kParts = 3;
    Submission submission(device());
    StagingRing ring(device(), 4096);
    const Buffer result(device(), kPart * kParts * kSubmissions, VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                        true);
    for (size_t i = 0; i < kSubmissions; ++i) {
        VkCommandBuffer commands = submission.begin();
        for (size_t part = 0; part < kParts; ++part) {
            copy(commands, submission, ring, static_cast<uint8_t>(1 + i * kParts + part), kPart,
                 result, (i * kParts + part) * kPart);
        }
        submission.submit();
    }
    submission.wait(kSubmissions);
    EXPECT_EQ(ring.capacity(), 4096u);
    for (size_t i = 0; i < kSubmissions * kParts; ++i) {
        for (size_t b = 0; b < kPart; ++b) {
            ASSERT_EQ(static_cast<size_t>(result.mapped()[i * kPart + b]), i + 1);
        }
    }
}

TEST_F(StagingRingTest, GrowsForWhatOneSubmissionNeeds) {
    Submission submission(device());
    StagingRing ring(device(), 1024);
    const Buffer result(device(), 64 * 1000, VK_BUFFER_USAGE_TRANSFER_DST_BIT, true);
    VkCommandBuffer commands = submission.begin();
    for (uint8_t i = 0; i < 64; ++i) {
        copy(commands, submission, ring, i, 1000, result, VkDeviceSize{1000} * i);
    }
    submission.wait(submission.submit());
    EXPECT_GE(ring.capacity(), 32u * 1024);
    for (size_t i = 0; i < 64; ++i) {
        EXPECT_EQ(static_cast<size_t>(result.mapped()[i * 1000]), i);
        EXPECT_EQ(static_cast<size_t>(result.mapped()[i * 1000 + 999]), i);
    }
    commands = submission.begin();
    copy(commands, submission, ring, 7, 50'000, result, 0);  // more than it ever held at once
    submission.wait(submission.submit());
    EXPECT_EQ(static_cast<int>(result.mapped()[49'999]), 7);
}

}  // namespace
}  // namespace longtake::render
