#include "render/splats/splat_pass.h"

#include "render/shaders/composite.frag.h"
#include "render/shaders/video.vert.h"
#include "render/splats/depth_order.h"

#include <algorithm>
#include <cstring>

namespace longtake::render {
namespace {

struct CompositePush {
    float origin[2];
};

// To the device, in one piece, for what follows.
template <typename T>
VkDeviceAddress put(const Submission& submission, StagingRing& staging, const T& value) {
    const auto piece = staging.take(submission, sizeof(T));
    std::memcpy(piece.bytes.data(), &value, sizeof(T));
    return piece.address;
}

void set_viewport(VkCommandBuffer commands, VkExtent2D extent) {
    const VkViewport viewport{
        0, 0, static_cast<float>(extent.width), static_cast<float>(extent.height), 0, 1};
    const VkRect2D scissor{{0, 0}, extent};
    vkCmdSetViewport(commands, 0, 1, &viewport);
    vkCmdSetScissor(commands, 0, 1, &scissor);
}

// On a CPU shared memory and barriers cost most, and its own sort is far quicker.
bool computes_well(const Device& device) {
    return RadixSort::works_on(device) && !device.is_cpu();
}

}  // namespace

SplatPass::SplatPass(const Device& device, VkFormat target_format)
    : device_(device),
      order_(computes_well(device) ? SplatOrder::Device : SplatOrder::Host),
      method_(computes_well(device) ? SplatMethod::Tiles : SplatMethod::Quads),
      memory_(device),
      sort_(device),
      by_depth_(device),
      projection_(device),
      lines_(device, kFormat),
      painted_(device, kFormat),
      quads_(device, kFormat),
      tiles_(device),
      sampler_(make_sampler(device)),
      composite_(device, {.vertex = kVideoVert,
                          .fragment = kCompositeFrag,
                          .push_bytes = sizeof(CompositePush),
                          .blend = Blend::Premultiplied,
                          .format = target_format}) {}

void SplatPass::update(Submission& submission, StagingRing& staging, const SplatView& view) {
    if (view.splats != nullptr && !view.painter) {
        memory_.update(submission, staging, *view.splats);
        by_depth_.reserve(memory_.count());
        projection_.reserve(memory_.count());
    }
}

void SplatPass::resize(VkExtent2D extent) {
    if (colour_.extent().width == extent.width && colour_.extent().height == extent.height) {
        return;
    }
    device_.wait_idle();
    colour_ = Image(device_, extent, kFormat,
                    VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_SAMPLED_BIT |
                        VK_IMAGE_USAGE_TRANSFER_SRC_BIT);
    depth_ = Image(device_, extent, kDepthFormat,
                   VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT);
    composite_.set_texture(colour_.view(), sampler_.get());
}

bool SplatPass::render(VkCommandBuffer commands, const Submission& submission, StagingRing& staging,
                       const SplatView& view, const Rect& where, const Target& target,
                       const Colour& background) {
    const VkExtent2D extent{static_cast<uint32_t>(where.width),
                            static_cast<uint32_t>(where.height)};
    resize(extent);
    const auto shader_view = put(submission, staging, longtake::render::shader_view(view, extent));
    const bool splats = view.splats != nullptr && !view.painter && memory_.count() > 0;
    if (splats) {
        sort(commands, submission, staging, view, shader_view);
    }
    const bool tiles = splats && method_ == SplatMethod::Tiles && target.takes_copies;
    if (!tiles || !view.lines.empty()) {
        begin(commands, !view.painter);
        set_viewport(commands, extent);
        if (view.painter) {
            painted_.draw(commands, submission, staging, shader_view, view.painter());
        } else {
            lines_.draw(commands, submission, staging, shader_view, view.lines);
            if (splats && !tiles) {
                quads_.draw(commands, shader_view, projection_.splats(), by_depth_);
            }
        }
        vkCmdEndRendering(commands);
        end_pass(clock_, commands, tiles ? "lines" : "raster");
    }
    if (tiles) {
        draw_tiles(commands, shader_view, !view.lines.empty(), target, background);
        copy_to(target, commands, tiles_.picture().get(), where, background);
        end_pass(clock_, commands, "copy");
    } else {
        finish(commands);
    }
    return tiles;
}

// Lines go over where there are any.
void SplatPass::draw_tiles(VkCommandBuffer commands, VkDeviceAddress shader_view, bool lined,
                           const Target& target, const Colour& background) {
    const VkExtent2D extent = colour_.extent();
    if (lined) {
        transition(commands, colour_.get(),
                   {.from_stage = VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT,
                    .from_access = VK_ACCESS_2_COLOR_ATTACHMENT_WRITE_BIT,
                    .to_stage = VK_PIPELINE_STAGE_2_COPY_BIT,
                    .to_access = VK_ACCESS_2_TRANSFER_READ_BIT,
                    .from = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
                    .to = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL});
        transition(commands, depth_.get(),
                   {.from_stage = VK_PIPELINE_STAGE_2_LATE_FRAGMENT_TESTS_BIT,
                    .from_access = VK_ACCESS_2_DEPTH_STENCIL_ATTACHMENT_WRITE_BIT,
                    .to_stage = VK_PIPELINE_STAGE_2_COPY_BIT,
                    .to_access = VK_ACCESS_2_TRANSFER_READ_BIT,
                    .from = VK_IMAGE_LAYOUT_DEPTH_ATTACHMENT_OPTIMAL,
                    .to = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                    .aspect = VK_IMAGE_ASPECT_DEPTH_BIT});
    }
    tiles_.record(commands, sort_, shader_view, projection_.splats(), by_depth_, extent,
                  {.colour = lined ? colour_.get() : VK_NULL_HANDLE,
                   .depth = lined ? depth_.get() : VK_NULL_HANDLE,
                   .background = background,
                   .blue_first = target.format == VK_FORMAT_B8G8R8A8_UNORM},
                  clock_);
}

void SplatPass::sort(VkCommandBuffer commands, const Submission& submission, StagingRing& staging,
                     const SplatView& view, VkDeviceAddress shader_view) {
    // Nothing of the picture before is read any more.
    depend(commands,
           {.from_stage = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,
            .from_access = VK_ACCESS_2_SHADER_STORAGE_WRITE_BIT,
            .to_stage = VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_2_COPY_BIT |
                        VK_PIPELINE_STAGE_2_CLEAR_BIT,
            .to_access = VK_ACCESS_2_SHADER_STORAGE_READ_BIT |
                         VK_ACCESS_2_SHADER_STORAGE_WRITE_BIT | VK_ACCESS_2_TRANSFER_WRITE_BIT});
    projection_.record(commands, shader_view, memory_, by_depth_);
    end_pass(clock_, commands, "project");
    if (order_ == SplatOrder::Device) {
        sort_.record_places(commands, by_depth_, memory_.count(), kDepthBits);
    } else {
        const auto order = depth_order(*view.splats, view.camera, view.near);
        const auto count = static_cast<uint32_t>(order.size());
        const std::array<uint32_t, 8> state{
            SortMemory::blocks(count), 1, 1, count, 3 * count, 1, 0, 0};
        const auto copy = [&](const auto& from, const Buffer& to) {
            const auto piece = staging.take(submission, 4 * from.size());
            std::memcpy(piece.bytes.data(), from.data(), 4 * from.size());
            const VkBufferCopy region{piece.offset, 0, 4 * from.size()};
            vkCmdCopyBuffer(commands, piece.buffer, to.get(), 1, &region);
        };
        copy(state, by_depth_.state);
        if (count > 0) {
            copy(order, by_depth_.values[0]);
        }
    }
    depend(
        commands,
        {.from_stage = VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_2_COPY_BIT,
         .from_access = VK_ACCESS_2_SHADER_STORAGE_WRITE_BIT | VK_ACCESS_2_TRANSFER_WRITE_BIT,
         .to_stage = VK_PIPELINE_STAGE_2_VERTEX_SHADER_BIT | VK_PIPELINE_STAGE_2_DRAW_INDIRECT_BIT,
         .to_access = VK_ACCESS_2_SHADER_STORAGE_READ_BIT | VK_ACCESS_2_INDIRECT_COMMAND_READ_BIT});
    end_pass(clock_, commands, "sort by depth");
}

// The colour's old content is lost.
void SplatPass::begin(VkCommandBuffer commands, bool with_depth) const {
    transition(
        commands, colour_.get(),
        {.from_stage = VK_PIPELINE_STAGE_2_FRAGMENT_SHADER_BIT | VK_PIPELINE_STAGE_2_COPY_BIT,
         .from_access = VK_ACCESS_2_NONE,
         .to_stage = VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT,
         .to_access =
             VK_ACCESS_2_COLOR_ATTACHMENT_WRITE_BIT | VK_ACCESS_2_COLOR_ATTACHMENT_READ_BIT,
         .from = VK_IMAGE_LAYOUT_UNDEFINED,
         .to = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL});
    constexpr VkPipelineStageFlags2 kDepthStages =
        VK_PIPELINE_STAGE_2_EARLY_FRAGMENT_TESTS_BIT | VK_PIPELINE_STAGE_2_LATE_FRAGMENT_TESTS_BIT;
    transition(commands, depth_.get(),
               {.from_stage = kDepthStages | VK_PIPELINE_STAGE_2_COPY_BIT,
                .from_access = VK_ACCESS_2_DEPTH_STENCIL_ATTACHMENT_WRITE_BIT,
                .to_stage = kDepthStages,
                .to_access = VK_ACCESS_2_DEPTH_STENCIL_ATTACHMENT_WRITE_BIT |
                             VK_ACCESS_2_DEPTH_STENCIL_ATTACHMENT_READ_BIT,
                .from = VK_IMAGE_LAYOUT_UNDEFINED,
                .to = VK_IMAGE_LAYOUT_DEPTH_ATTACHMENT_OPTIMAL,
                .aspect = VK_IMAGE_ASPECT_DEPTH_BIT});
    VkRenderingAttachmentInfo colour{};
    colour.sType = VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO;
    colour.imageView = colour_.view();
    colour.imageLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL;
    colour.loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR;
    colour.storeOp = VK_ATTACHMENT_STORE_OP_STORE;
    VkRenderingAttachmentInfo depth = colour;
    depth.imageView = depth_.view();
    depth.imageLayout = VK_IMAGE_LAYOUT_DEPTH_ATTACHMENT_OPTIMAL;
    VkRenderingInfo info{};
    info.sType = VK_STRUCTURE_TYPE_RENDERING_INFO;
    info.renderArea = {{0, 0}, colour_.extent()};
    info.layerCount = 1;
    info.colorAttachmentCount = 1;
    info.pColorAttachments = &colour;
    info.pDepthAttachment = with_depth ? &depth : nullptr;
    vkCmdBeginRendering(commands, &info);
}

// The picture can be sampled.
void SplatPass::finish(VkCommandBuffer commands) const {
    transition(commands, colour_.get(),
               {.from_stage = VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT,
                .from_access = VK_ACCESS_2_COLOR_ATTACHMENT_WRITE_BIT,
                .to_stage = VK_PIPELINE_STAGE_2_FRAGMENT_SHADER_BIT,
                .to_access = VK_ACCESS_2_SHADER_SAMPLED_READ_BIT,
                .from = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
                .to = VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL});
}

void SplatPass::composite(VkCommandBuffer commands, const Rect& where) const {
    const CompositePush push{{static_cast<float>(where.x), static_cast<float>(where.y)}};
    composite_.bind(commands, &push);
    const VkViewport viewport{push.origin[0],
                              push.origin[1],
                              static_cast<float>(where.width),
                              static_cast<float>(where.height),
                              0,
                              1};
    const VkRect2D scissor{{where.x, where.y}, colour_.extent()};
    vkCmdSetViewport(commands, 0, 1, &viewport);
    vkCmdSetScissor(commands, 0, 1, &scissor);
    vkCmdDraw(commands, 3, 1, 0, 0);
}

}  // namespace longtake::render
