#include "render/ui_pass.h"

#include "render/shaders/ui.frag.h"
#include "render/shaders/ui.vert.h"

#include <imgui.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

namespace longtake::render {
namespace {

struct Push {
    float scale[2], offset[2];
};

constexpr std::array kAttributes{
    VkVertexInputAttributeDescription{0, 0, VK_FORMAT_R32G32_SFLOAT, offsetof(ImDrawVert, pos)},
    VkVertexInputAttributeDescription{1, 0, VK_FORMAT_R32G32_SFLOAT, offsetof(ImDrawVert, uv)},
    VkVertexInputAttributeDescription{2, 0, VK_FORMAT_R8G8B8A8_UNORM, offsetof(ImDrawVert, col)}};

constexpr VkComponentMapping kCoverage{VK_COMPONENT_SWIZZLE_ONE, VK_COMPONENT_SWIZZLE_ONE,
                                       VK_COMPONENT_SWIZZLE_ONE, VK_COMPONENT_SWIZZLE_R};

template <typename T> void append(std::span<std::byte> bytes, size_t& at, const ImVector<T>& from) {
    const auto size = static_cast<size_t>(from.Size) * sizeof(T);
    std::memcpy(bytes.data() + at, from.Data, size);
    at += size;
}

// The part of a command's clip rectangle on a target of this size.
VkRect2D scissor_of(const ImVec4& clip, const ImVec2& origin, const ImVec2& size) {
    const float left = std::clamp(clip.x - origin.x, 0.0F, size.x);
    const float top = std::clamp(clip.y - origin.y, 0.0F, size.y);
    const float right = std::clamp(clip.z - origin.x, left, size.x);
    const float bottom = std::clamp(clip.w - origin.y, top, size.y);
    return {{static_cast<int32_t>(left), static_cast<int32_t>(top)},
            {static_cast<uint32_t>(right - left), static_cast<uint32_t>(bottom - top)}};
}

}  // namespace

UiPass::UiPass(const Device& device, VkFormat target_format)
    : device_(device),
      sampler_(make_sampler(device)),
      pipeline_(device, {.vertex = kUiVert,
                         .fragment = kUiFrag,
                         .push_bytes = sizeof(Push),
                         .attributes = kAttributes,
                         .vertex_bytes = sizeof(ImDrawVert),
                         .blend = Blend::Over,
                         .format = target_format}) {}

void UiPass::upload_font(VkCommandBuffer commands, const Submission& submission,
                         StagingRing& staging, std::span<const uint8_t> coverage,
                         VkExtent2D extent) {
    device_.wait_idle();
    font_ = Image(device_, extent, VK_FORMAT_R8_UNORM,
                  VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT, kCoverage);
    pipeline_.set_texture(font_.view(), sampler_.get());
    const auto piece = staging.take(submission, coverage.size());
    std::memcpy(piece.bytes.data(), coverage.data(), coverage.size());
    record_upload(commands, piece.buffer, piece.offset, font_);
}

void UiPass::draw(VkCommandBuffer commands, const Submission& submission, StagingRing& staging,
                  const ImDrawData& data) const {
    if (data.TotalVtxCount == 0) {
        return;
    }
    const auto vertex_bytes = static_cast<size_t>(data.TotalVtxCount) * sizeof(ImDrawVert);
    const auto index_bytes = static_cast<size_t>(data.TotalIdxCount) * sizeof(ImDrawIdx);
    const auto vertices = staging.take(submission, vertex_bytes);
    const auto indices = staging.take(submission, index_bytes);
    size_t vertex_at = 0, index_at = 0;
    for (int i = 0; i < data.CmdListsCount; ++i) {
        append(vertices.bytes, vertex_at, data.CmdLists[i]->VtxBuffer);
        append(indices.bytes, index_at, data.CmdLists[i]->IdxBuffer);
    }
    const ImVec2 origin = data.DisplayPos, size = data.DisplaySize;
    const Push push{{2 / size.x, 2 / size.y},
                    {-1 - 2 * origin.x / size.x, -1 - 2 * origin.y / size.y}};
    pipeline_.bind(commands, &push);
    vkCmdBindVertexBuffers(commands, 0, 1, &vertices.buffer, &vertices.offset);
    vkCmdBindIndexBuffer(commands, indices.buffer, indices.offset,
                         sizeof(ImDrawIdx) == 2 ? VK_INDEX_TYPE_UINT16 : VK_INDEX_TYPE_UINT32);
    const VkViewport viewport{0, 0, size.x, size.y, 0, 1};
    vkCmdSetViewport(commands, 0, 1, &viewport);
    uint32_t first_index = 0;
    int32_t first_vertex = 0;
    for (int i = 0; i < data.CmdListsCount; ++i) {
        const ImDrawList& list = *data.CmdLists[i];
        for (const ImDrawCmd& command : list.CmdBuffer) {
            const VkRect2D scissor = scissor_of(command.ClipRect, origin, size);
            if (scissor.extent.width > 0 && scissor.extent.height > 0) {
                vkCmdSetScissor(commands, 0, 1, &scissor);
                vkCmdDrawIndexed(commands, command.ElemCount, 1, first_index + command.IdxOffset,
                                 first_vertex + static_cast<int32_t>(command.VtxOffset), 0);
            }
        }
        first_index += static_cast<uint32_t>(list.IdxBuffer.Size);
        first_vertex += list.VtxBuffer.Size;
    }
}

}  // namespace longtake::render
