#include "render/renderer.h"

namespace longtake::render {
namespace {

constexpr VkDeviceSize kStaging = VkDeviceSize{8} << 20;  // bytes to begin with

}  // namespace

Renderer::Renderer(const Device& device, VkFormat format)
    : device_(device),
      submission_(device),
      staging_(device, kStaging),
      video_(device, format),
      ui_(device, format) {}

Renderer::~Renderer() {
    vkDeviceWaitIdle(device_.get());
}

Tensor Renderer::draw(const Scene& scene, Offscreen& target) {
    VkCommandBuffer commands = submission_.begin();
    record(commands, scene, target.target());
    target.record_read_back(commands);
    submission_.wait(submission_.submit());
    return target.picture();
}

bool Renderer::draw(const Scene& scene, Swapchain& swapchain, VkExtent2D extent) {
    submission_.wait(submission_.next() - 1);  // one picture in flight keeps the delay short
    VkCommandBuffer commands = submission_.begin();
    const auto target = swapchain.acquire(submission_, extent);
    if (!target) {
        submission_.submit();
        return false;
    }
    record(commands, scene, *target);
    submission_.submit(swapchain.acquired(submission_), swapchain.drawn());
    swapchain.present();
    return true;
}

void Renderer::record(VkCommandBuffer commands, const Scene& scene, const Target& target) {
    if (scene.frame != nullptr) {
        video_.upload(commands, submission_, staging_, *scene.frame);
    }
    if (scene.font != nullptr) {
        ui_.upload_font(commands, submission_, staging_, scene.font->coverage, scene.font->extent);
    }
    begin_drawing(commands, target, scene.background);
    video_.draw(commands, scene.video, scene.scaling);
    if (scene.ui != nullptr) {
        ui_.draw(commands, submission_, staging_, *scene.ui);
    }
    end_drawing(commands, target);
}

}  // namespace longtake::render
