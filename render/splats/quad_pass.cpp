#include "render/splats/quad_pass.h"

#include "render/shaders/quads.frag.h"
#include "render/shaders/quads.vert.h"

namespace longtake::render {
namespace {

struct Push {
    VkDeviceAddress view, splats, order, state;
};

}  // namespace

QuadPass::QuadPass(const Device& device, VkFormat format)
    : pipeline_(device, {.vertex = kQuadsVert,
                         .fragment = kQuadsFrag,
                         .push_bytes = sizeof(Push),
                         .blend = Blend::Premultiplied,
                         .format = format,
                         .writes_depth = false}) {}

void QuadPass::draw(VkCommandBuffer commands, VkDeviceAddress view, VkDeviceAddress splats,
                    const SortMemory& order) const {
    const Push push{view, splats, order.values[0].address(), order.state.address()};
    pipeline_.bind(commands, &push);
    vkCmdDrawIndirect(commands, order.state.get(), SortMemory::kDrawOffset, 1, 0);
}

}  // namespace longtake::render
