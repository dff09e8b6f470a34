#include "render/splats/line_pass.h"

#include "render/shaders/lines.frag.h"
#include "render/shaders/lines.vert.h"

#include <cstring>

namespace longtake::render {
namespace {

struct Push {
    VkDeviceAddress view, lines;
};

}  // namespace

LinePass::LinePass(const Device& device, VkFormat format)
    : pipeline_(device, {.vertex = kLinesVert,
                         .fragment = kLinesFrag,
                         .push_bytes = sizeof(Push),
                         .format = format,
                         .writes_depth = true}) {}

void LinePass::draw(VkCommandBuffer commands, const Submission& submission, StagingRing& staging,
                    VkDeviceAddress view, std::span<const Line> lines) const {
    static_assert(sizeof(Line) == 32, "as the shader reads it");
    if (lines.empty()) {
        return;
    }
    const auto piece = staging.take(submission, lines.size_bytes());
    std::memcpy(piece.bytes.data(), lines.data(), lines.size_bytes());
    const Push push{view, piece.address};
    pipeline_.bind(commands, &push);
    vkCmdDraw(commands, 6 * static_cast<uint32_t>(lines.size()), 1, 0, 0);
}

}  // namespace longtake::render
