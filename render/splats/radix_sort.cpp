#include "render/splats/radix_sort.h"

#include "render/shaders/sort_arguments.comp.h"
#include "render/shaders/sort_count.comp.h"
#include "render/shaders/sort_scan.comp.h"
#include "render/shaders/sort_scatter.comp.h"

#include <algorithm>

namespace longtake::render {
namespace {

constexpr uint32_t kGroup = 256, kDigits = 256;
constexpr VkBufferUsageFlags kUsage =
    VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT |
    VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;

struct CountPush {
    VkDeviceAddress keys, table, state;
    uint32_t count, shift, stride;
};
struct ScanPush {
    VkDeviceAddress table, totals, state;
    uint32_t count, stride;
};
struct ArgumentsPush {
    VkDeviceAddress totals, state;
    uint32_t rows, room;
};
struct ScatterPush {
    VkDeviceAddress keys, values, keys_out, values_out, table, totals, state;
    uint32_t count, shift, stride, implicit;
};

}  // namespace

SortMemory::SortMemory(const Device& device) : device_(device) {
    totals = Buffer(device, kDigits * 4, kUsage, false);
    state = Buffer(device, 48, kUsage | VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT, false);
}

void SortMemory::reserve(uint32_t wanted) {
    if (wanted <= room_) {
        return;
    }
    device_.wait_idle();
    room_ = room_ == 0 ? wanted : wanted + wanted / 4;
    for (size_t i = 0; i < 2; ++i) {
        keys[i] = Buffer(device_, VkDeviceSize{4} * room_, kUsage, false);
        values[i] = Buffer(device_, VkDeviceSize{4} * room_, kUsage, false);
    }
    table = Buffer(device_, VkDeviceSize{4} * kDigits * stride(), kUsage, false);
}

RadixSort::RadixSort(const Device& device)
    : count_(device, kSortCountComp, sizeof(CountPush)),
      scan_(device, kSortScanComp, sizeof(ScanPush)),
      arguments_(device, kSortArgumentsComp, sizeof(ArgumentsPush)),
      scatter_(device, kSortScatterComp, sizeof(ScatterPush)) {}

bool RadixSort::works_on(const Device& device) {
    return device.limits().maxComputeWorkGroupInvocations >= kGroup &&
           device.limits().maxComputeWorkGroupSize[0] >= kGroup &&
           device.limits().maxComputeSharedMemorySize >= 28 << 10;
}

void RadixSort::record_places(VkCommandBuffer commands, const SortMemory& memory, uint32_t count,
                              uint32_t bits) const {
    record_pass(commands, memory, begins_in(bits), 0, count);
    const ArgumentsPush arguments{memory.totals.address(), memory.state.address(), kDigits,
                                  memory.room()};
    arguments_.dispatch(commands, &arguments, 1);
    finish_compute(commands);
    for (uint32_t pass = 1; pass < passes(bits); ++pass) {
        record_pass(commands, memory, (begins_in(bits) + pass) % 2, pass, kFromState);
    }
}

void RadixSort::record(VkCommandBuffer commands, const SortMemory& memory, uint32_t bits) const {
    for (uint32_t pass = 0; pass < passes(bits); ++pass) {
        record_pass(commands, memory, (begins_in(bits) + pass) % 2, pass, kFromState);
    }
}

void RadixSort::record_pass(VkCommandBuffer commands, const SortMemory& memory, size_t from,
                            uint32_t pass, uint32_t count) const {
    const size_t to = 1 - from;
    const uint32_t shift = kDigitBits * pass, stride = memory.stride();
    const auto state = memory.state.address();
    const auto over_blocks = [&](const ComputePipeline& pipeline, const void* push) {
        if (count != kFromState) {
            pipeline.dispatch(commands, push, SortMemory::blocks(count));
        } else {
            pipeline.dispatch_indirect(commands, push, memory.state.get());
        }
    };
    const CountPush counting{
        memory.keys[from].address(), memory.table.address(), state, count, shift, stride};
    over_blocks(count_, &counting);
    finish_compute(commands);
    const ScanPush scanning{memory.table.address(), memory.totals.address(), state, count, stride};
    scan_.dispatch(commands, &scanning, kDigits);
    finish_compute(commands);
    const ScatterPush scattering{memory.keys[from].address(),
                                 memory.values[from].address(),
                                 memory.keys[to].address(),
                                 memory.values[to].address(),
                                 memory.table.address(),
                                 memory.totals.address(),
                                 state,
                                 count,
                                 shift,
                                 stride,
                                 count != kFromState ? 1U : 0U};
    over_blocks(scatter_, &scattering);
    finish_compute(commands);
}

void RadixSort::record_sums(VkCommandBuffer commands, const SortMemory& of, const Buffer& sums,
                            const SortMemory& result) const {
    const ScanPush scanning{sums.address(), result.totals.address(), of.state.address(), kFromState,
                            0};
    scan_.dispatch(commands, &scanning, 1);
    finish_compute(commands);
    const ArgumentsPush arguments{result.totals.address(), result.state.address(), 1,
                                  result.room()};
    arguments_.dispatch(commands, &arguments, 1);
    finish_compute(commands);
}

}  // namespace longtake::render
