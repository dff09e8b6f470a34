#include "render/splats/painted_pass.h"

#include "render/shaders/painted.frag.h"
#include "render/shaders/video.vert.h"

#include <cstring>

namespace longtake::render {
namespace {

struct Push {
    VkDeviceAddress view, colour, alpha;
};

}  // namespace

PaintedPass::PaintedPass(const Device& device, VkFormat format)
    : pipeline_(device, {.vertex = kVideoVert,
                         .fragment = kPaintedFrag,
                         .push_bytes = sizeof(Push),
                         .format = format}) {}

void PaintedPass::draw(VkCommandBuffer commands, const Submission& submission, StagingRing& staging,
                       VkDeviceAddress view, const SplatPicture& picture) const {
    const auto put = [&](const Tensor& plane) {
        const auto piece = staging.take(submission, plane.bytes());
        std::memcpy(piece.bytes.data(), plane.raw(), plane.bytes());
        return piece.address;
    };
    const Push push{view, put(picture.colour), put(picture.alpha)};
    pipeline_.bind(commands, &push);
    vkCmdDraw(commands, 3, 1, 0, 0);
}

}  // namespace longtake::render
