#include "render/renderer.h"

namespace longtake::render {
namespace {

constexpr VkDeviceSize kStaging = VkDeviceSize{8} << 20;  // bytes to begin with

}  // namespace

Renderer::Renderer(const Device& device, VkFormat format)
    : device_(device),
      submission_(device),
      staging_(device, kStaging),
      format_(format),
      video_(device, format, staging_),
      ui_(device, format) {}

Renderer::~Renderer() {
    vkDeviceWaitIdle(device_.get());
}

Tensor Renderer::draw(const Scene& scene, Offscreen& target) {
    draw_twice_at_most(scene, [&] {
        VkCommandBuffer commands = submission_.begin();
        record(commands, scene, target.target());
        target.record_read_back(commands);
        submission_.wait(submission_.submit());
    });
    return target.picture();
}

void Renderer::draw_only(const Scene& scene, const Offscreen& target) {
    draw_twice_at_most(scene, [&] {
        record(submission_.begin(), scene, target.target());
        submission_.wait(submission_.submit());
    });
}

// Again where there was no room for all splats.
template <typename Draw> void Renderer::draw_twice_at_most(const Scene& scene, const Draw& draw) {
    prepare(scene);
    draw();
    if (scene.splats != nullptr && splats_->grow()) {
        draw();
    }
}

SplatPass& Renderer::splats() {
    if (!splats_) {
        splats_ = std::make_unique<SplatPass>(device_, format_);
    }
    return *splats_;
}

void Renderer::watch(PassClock* clock) {
    clock_ = clock;
    splats().watch(clock);
}

void Renderer::prepare(const Scene& scene) {
    if (scene.splats != nullptr) {
        splats().grow();  // where the picture before lacked room
        splats().update(submission_, staging_, *scene.splats);
    }
}

bool Renderer::draw(const Scene& scene, Swapchain& swapchain, VkExtent2D extent) {
    submission_.wait(submission_.next() - 1);  // one picture in flight keeps the delay short
    prepare(scene);
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
        video_.upload(commands, submission_, *scene.frame);
    }
    if (scene.font != nullptr) {
        ui_.upload_font(commands, submission_, staging_, scene.font->coverage, scene.font->extent);
    }
    if (clock_ != nullptr) {
        clock_->begin(commands);
    }
    const bool splats = scene.splats != nullptr && !scene.video.empty();
    const bool laid = splats && splats_->render(commands, submission_, staging_, *scene.splats,
                                                scene.video, target, scene.background);
    begin_drawing(commands, target, laid ? std::nullopt : std::optional(scene.background));
    if (splats && !laid) {
        splats_->composite(commands, scene.video);
    } else if (!splats) {
        video_.draw(commands, scene.video, scene.scaling);
    }
    if (scene.ui != nullptr) {
        ui_.draw(commands, submission_, staging_, *scene.ui);
    }
    end_drawing(commands, target);
    end_pass(clock_, commands, "composite");
}

}  // namespace longtake::render
