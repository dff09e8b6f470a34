#pragma once

#include "render/compute_pipeline.h"
#include "render/memory.h"

#include <array>
#include <cstdint>

namespace longtake::render {

// What is sorted, and what sorting it needs.
class SortMemory {
  public:
    static constexpr uint32_t kLeftOut = 0xFFFFFFFF;  // a key that is not sorted but left out

    explicit SortMemory(const Device& device);

    // Room for so many keys; what was there is lost when there was less.
    void reserve(uint32_t keys);
    uint32_t room() const { return room_; }

    // [room]; sorting begins where RadixSort says and ends in the first of each.
    std::array<Buffer, 2> keys, values;
    Buffer table;   // [digits, stride]: of each block of keys
    Buffer totals;  // [digits]
    // Groups of a dispatch over blocks (3), count, arguments of a draw (4), what there wanted to
    // be.
    Buffer state;
    static constexpr VkDeviceSize kCountOffset = 12, kDrawOffset = 16, kWantedOffset = 32;
    uint32_t stride() const { return blocks(room_); }

    static constexpr uint32_t blocks(uint32_t keys) { return (keys + 2047) / 2048; }

  private:
    const Device& device_;
    uint32_t room_ = 0;
};

// Sorts 32-bit keys, each with a value, on the device: stably, from the lowest eight bits up, a
// reduction, a scan and a scatter for each eight. Ranks are found through shared memory, so that
// the size of subgroups does not matter, nor whether groups run at the same time.
class RadixSort {
  public:
    explicit RadixSort(const Device& device);

    // Which of a SortMemory's two keys, and values, are there to be sorted by so many bits.
    static constexpr size_t begins_in(uint32_t bits) { return passes(bits) % 2; }
    // Sorts the first `count` keys by their lowest `bits`, to the next eight; values become their
    // places. The state then says how many there are without those left out.
    void record_places(VkCommandBuffer commands, const SortMemory& memory, uint32_t count,
                       uint32_t bits) const;
    // As many keys as the state says, with their values; none of them is left out.
    void record(VkCommandBuffer commands, const SortMemory& memory, uint32_t bits) const;
    // Replaces sums [blocks] of as many entries as the state counts by the sums before each; their
    // total is the count of `result`, whose arguments follow.
    void record_sums(VkCommandBuffer commands, const SortMemory& of, const Buffer& sums,
                     const SortMemory& result) const;

    static bool works_on(const Device& device);

  private:
    static constexpr uint32_t kFromState = 0xFFFFFFFF, kDigitBits = 8;
    static constexpr uint32_t passes(uint32_t bits) { return (bits + kDigitBits - 1) / kDigitBits; }
    void record_pass(VkCommandBuffer commands, const SortMemory& memory, size_t from, uint32_t pass,
                     uint32_t count) const;

    ComputePipeline count_, scan_, arguments_, scatter_;
};

}  // namespace longtake::render
