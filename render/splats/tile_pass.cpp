#include "render/splats/tile_pass.h"

#include "render/shaders/tile_blend.comp.h"
#include "render/shaders/tile_count.comp.h"
#include "render/shaders/tile_list.comp.h"
#include "render/shaders/tile_ranges.comp.h"
#include "render/submission.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace longtake::render {
namespace {

constexpr uint32_t kSide = 16;             // of a tile, pixels
constexpr uint32_t kFirstRoom = 1U << 16;  // meetings
constexpr VkBufferUsageFlags kUsage =
    VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT |
    VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;

struct CountPush {
    VkDeviceAddress splats, order, counts, sums, state;
    uint32_t columns, rows;
};
struct ListPush {
    VkDeviceAddress splats, order, counts, sums, state, tiles, met;
    uint32_t columns, rows, room;
};
struct RangesPush {
    VkDeviceAddress tiles, ranges, state;
};
struct BlendPush {
    VkDeviceAddress view, splats, met, ranges, line_colours, line_depths, picture;
    uint32_t columns, has_lines;
    float background[3];
    uint32_t blue_first;
};

uint32_t tiles_along(uint32_t pixels) {
    return (pixels + kSide - 1) / kSide;
}

void copy_out(VkCommandBuffer commands, VkImage image, VkImageAspectFlags aspect, VkExtent2D extent,
              const Buffer& to) {
    VkBufferImageCopy region{};
    region.imageSubresource = {aspect, 0, 0, 1};
    region.imageExtent = {extent.width, extent.height, 1};
    vkCmdCopyImageToBuffer(commands, image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, to.get(), 1,
                           &region);
}

}  // namespace

TilePass::TilePass(const Device& device)
    : device_(device),
      count_(device, kTileCountComp, sizeof(CountPush)),
      list_(device, kTileListComp, sizeof(ListPush)),
      ranges_pass_(device, kTileRangesComp, sizeof(RangesPush)),
      blend_(device, kTileBlendComp, sizeof(BlendPush)),
      by_tile_(device),
      wanted_(device, 4, VK_BUFFER_USAGE_TRANSFER_DST_BIT, true) {
    std::memset(wanted_.mapped().data(), 0, 4);
    by_tile_.reserve(kFirstRoom);
}

bool TilePass::grow() {
    uint32_t wanted = 0;
    std::memcpy(&wanted, wanted_.mapped().data(), 4);
    const bool lacked = wanted > by_tile_.room();
    by_tile_.reserve(wanted);
    return lacked;
}

void TilePass::resize(uint32_t count, VkExtent2D extent) {
    if (VkDeviceSize{4} * count > counts_.size()) {
        device_.wait_idle();
        counts_ = Buffer(device_, VkDeviceSize{4} * count, kUsage, false);
        sums_ = Buffer(device_, VkDeviceSize{4} * SortMemory::blocks(count), kUsage, false);
    }
    if (extent.width != extent_.width || extent.height != extent_.height) {
        device_.wait_idle();
        extent_ = extent;
        const VkDeviceSize pixels = VkDeviceSize{extent.width} * extent.height,
                           tiles =
                               VkDeviceSize{tiles_along(extent.width)} * tiles_along(extent.height);
        ranges_ = Buffer(device_, 8 * (tiles + 1), kUsage, false);
        line_colours_ = Buffer(device_, 8 * pixels, kUsage, false);
        line_depths_ = Buffer(device_, 4 * pixels, kUsage, false);
        picture_ = Buffer(device_, 4 * pixels, kUsage, false);
    }
}

void TilePass::record(VkCommandBuffer commands, const RadixSort& sort, VkDeviceAddress view,
                      VkDeviceAddress splats, const SortMemory& order, VkExtent2D extent,
                      const Under& under, PassClock* clock) {
    resize(order.room(), extent);
    const uint32_t columns = tiles_along(extent.width), rows = tiles_along(extent.height);
    vkCmdFillBuffer(commands, ranges_.get(), 0, VK_WHOLE_SIZE, 0);
    vkCmdFillBuffer(commands, by_tile_.state.get(), 0, VK_WHOLE_SIZE, 0);
    const bool lined = under.colour != VK_NULL_HANDLE;
    if (lined) {
        copy_out(commands, under.colour, VK_IMAGE_ASPECT_COLOR_BIT, extent, line_colours_);
        copy_out(commands, under.depth, VK_IMAGE_ASPECT_DEPTH_BIT, extent, line_depths_);
    }
    const CountPush counting{splats,
                             order.values[0].address(),
                             counts_.address(),
                             sums_.address(),
                             order.state.address(),
                             columns,
                             rows};
    count_.dispatch_indirect(commands, &counting, order.state.get());
    depend(
        commands,
        {.from_stage = VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_2_CLEAR_BIT |
                       VK_PIPELINE_STAGE_2_COPY_BIT,
         .from_access = VK_ACCESS_2_SHADER_STORAGE_WRITE_BIT | VK_ACCESS_2_TRANSFER_WRITE_BIT,
         .to_stage = VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT,
         .to_access = VK_ACCESS_2_SHADER_STORAGE_READ_BIT | VK_ACCESS_2_SHADER_STORAGE_WRITE_BIT});
    sort.record_sums(commands, order, sums_, by_tile_);
    end_pass(clock, commands, "count tiles");
    const auto bits = static_cast<uint32_t>(std::bit_width(columns * rows));
    const size_t begin = RadixSort::begins_in(bits);
    const ListPush listing{splats,
                           order.values[0].address(),
                           counts_.address(),
                           sums_.address(),
                           order.state.address(),
                           by_tile_.keys[begin].address(),
                           by_tile_.values[begin].address(),
                           columns,
                           rows,
                           by_tile_.room()};
    list_.dispatch_indirect(commands, &listing, order.state.get());
    finish_compute(commands);
    end_pass(clock, commands, "list tiles");
    sort.record(commands, by_tile_, bits);
    end_pass(clock, commands, "sort by tile");
    const RangesPush ranges{by_tile_.keys[0].address(), ranges_.address(),
                            by_tile_.state.address()};
    ranges_pass_.dispatch_indirect(commands, &ranges, by_tile_.state.get());
    finish_compute(commands);
    end_pass(clock, commands, "ranges");
    const BlendPush blending{view,
                             splats,
                             by_tile_.values[0].address(),
                             ranges_.address(),
                             line_colours_.address(),
                             line_depths_.address(),
                             picture_.address(),
                             columns,
                             lined ? 1U : 0U,
                             {under.background.r, under.background.g, under.background.b},
                             under.blue_first ? 1U : 0U};
    blend_.dispatch(commands, &blending, columns, rows);
    end_pass(clock, commands, "blend");
    depend(commands, {.from_stage = VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT,
                      .from_access = VK_ACCESS_2_SHADER_STORAGE_WRITE_BIT,
                      .to_stage = VK_PIPELINE_STAGE_2_COPY_BIT,
                      .to_access = VK_ACCESS_2_TRANSFER_READ_BIT});
    const VkBufferCopy region{SortMemory::kWantedOffset, 0, 4};
    vkCmdCopyBuffer(commands, by_tile_.state.get(), wanted_.get(), 1, &region);
    depend(commands, {.from_stage = VK_PIPELINE_STAGE_2_COPY_BIT,
                      .from_access = VK_ACCESS_2_TRANSFER_WRITE_BIT,
                      .to_stage = VK_PIPELINE_STAGE_2_HOST_BIT,
                      .to_access = VK_ACCESS_2_HOST_READ_BIT});
}

}  // namespace longtake::render
