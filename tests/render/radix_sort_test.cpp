#include "render/splats/radix_sort.h"

#include "render/submission.h"
#include "tests/render/vulkan_test.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

namespace longtake::render {
namespace {

class RadixSortTest : public VulkanTest {
  protected:
    // Places of the keys in order, as the device finds them.
    std::vector<uint32_t> sorted(const std::vector<uint32_t>& keys, uint32_t bits) {
        const RadixSort sort(device());
        SortMemory memory(device());
        const auto count = static_cast<uint32_t>(keys.size());
        memory.reserve(count);
        Buffer host(device(), 4 * keys.size() + 48,
                    VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT, true);
        std::memcpy(host.mapped().data(), keys.data(), 4 * keys.size());
        Submission submission(device());
        VkCommandBuffer commands = submission.begin();
        copy(commands, host, memory.keys[RadixSort::begins_in(bits)], 4 * keys.size(), 0);
        sort.record_places(commands, memory, count, bits);
        copy(commands, memory.values[0], host, 4 * keys.size(), 0);
        copy(commands, memory.state, host, 48, 4 * keys.size());
        submission.wait(submission.submit());
        uint32_t found = 0;
        std::memcpy(&found, host.mapped().data() + 4 * keys.size() + SortMemory::kCountOffset, 4);
        EXPECT_LE(found, count);
        std::vector<uint32_t> places(std::min(found, count));
        if (!places.empty()) {
            std::memcpy(places.data(), host.mapped().data(), 4 * places.size());
        }
        return places;
    }

    static std::vector<uint32_t> expected(const std::vector<uint32_t>& keys) {
        std::vector<uint32_t> places;
        for (uint32_t i = 0; i < keys.size(); ++i) {
            if (keys[i] != SortMemory::kLeftOut) {
                places.push_back(i);
            }
        }
        std::ranges::stable_sort(places, {}, [&](uint32_t i) { return keys[i]; });
        return places;
    }

  private:
    static void copy(VkCommandBuffer commands, const Buffer& from, const Buffer& to,
                     VkDeviceSize bytes, VkDeviceSize offset) {
        constexpr auto kAll = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT;
        constexpr auto kAny = VK_ACCESS_2_MEMORY_READ_BIT | VK_ACCESS_2_MEMORY_WRITE_BIT;
        depend(commands, {kAll, kAny, kAll, kAny});
        const VkBufferCopy region{0, offset, bytes};
        vkCmdCopyBuffer(commands, from.get(), to.get(), 1, &region);
        depend(commands,
               {kAll, kAny, kAll | VK_PIPELINE_STAGE_2_HOST_BIT, kAny | VK_ACCESS_2_HOST_READ_BIT});
    }
};

TEST_F(RadixSortTest, SortsAsTheStandardLibraryDoes) {
    std::mt19937 random(3);
    for (const size_t count : {1, 2, 255, 256, 2047, 2048, 2049, 30'000, 300'000}) {
        std::vector<uint32_t> keys(count);
        for (uint32_t& key : keys) {
            key = random() % 0xFFFFFF;
        }
        EXPECT_EQ(sorted(keys, 24), expected(keys)) << count;
    }
}

TEST_F(RadixSortTest, EqualKeysKeepTheirOrder) {
    std::mt19937 random(4);
    std::vector<uint32_t> keys(50'000);
    for (uint32_t& key : keys) {
        key = random() % 7;
    }
    EXPECT_EQ(sorted(keys, 8), expected(keys));
    EXPECT_EQ(sorted(std::vector<uint32_t>(5000, 77), 16),
              expected(std::vector<uint32_t>(5000, 77)));
}

TEST_F(RadixSortTest, WhatIsLeftOutIsNotThere) {
    std::mt19937 random(5);
    std::vector<uint32_t> keys(70'000);
    for (uint32_t& key : keys) {
        key = random() % 3 == 0 ? SortMemory::kLeftOut : random() % 0xFFFFFF;
    }
    EXPECT_EQ(sorted(keys, 24), expected(keys));
    EXPECT_TRUE(sorted(std::vector<uint32_t>(3000, SortMemory::kLeftOut), 24).empty());
}

TEST_F(RadixSortTest, AllBitsCount) {
    std::mt19937 random(6);
    std::vector<uint32_t> keys(10'000);
    for (uint32_t& key : keys) {
        key = random();
    }
    EXPECT_EQ(sorted(keys, 32), expected(keys));
}

}  // namespace
}  // namespace longtake::render
