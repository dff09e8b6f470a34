#include "render/video_pass.h"

#include "core/log.h"
#include "render/shaders/video.frag.h"
#include "render/shaders/video.vert.h"

namespace longtake::render {
namespace {

struct Push {
    float origin[2], size[2];  // of the picture on the target, in pixels
    float texels[2];           // of the picture
};

Pipeline pipeline_of(const Device& device, VkFormat format, int32_t mode) {
    return {device,
            {.vertex = kVideoVert,
             .fragment = kVideoFrag,
             .mode = mode,
             .push_bytes = sizeof(Push),
             .format = format}};
}

}  // namespace

VideoPass::VideoPass(const Device& device, VkFormat target_format, StagingRing& staging)
    : device_(device),
      from_host_(staging),
      sampler_(make_sampler(device)),
      pipelines_{pipeline_of(device, target_format, 0), pipeline_of(device, target_format, 1),
                 pipeline_of(device, target_format, 2)} {}

void VideoPass::upload(VkCommandBuffer commands, Submission& submission, const VideoFrame& frame) {
    const Shape& shape = frame.frames.shape();
    check(shape.rank() == 4 && shape[3] == 3 && frame.index >= 0 && frame.index < shape[0],
          "frame {} of {} is not [H, W, 3]", frame.index, shape.str());
    const VkExtent2D extent{static_cast<uint32_t>(shape[2]), static_cast<uint32_t>(shape[1])};
    const bool fresh = empty() || texture_.extent().width != extent.width ||
                       texture_.extent().height != extent.height;
    if (fresh) {
        device_.wait_idle();
        texture_ = Image(device_, extent, VK_FORMAT_R8G8B8A8_SRGB,
                         VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT);
        for (Pipeline& pipeline : pipelines_) {
            pipeline.set_texture(texture_.view(), sampler_.get());
        }
    }
    const auto [buffer, offset] = way_of(frame.frames).bring(submission, frame);
    record_upload(commands, buffer, offset, texture_);
}

FrameUpload& VideoPass::way_of(const Tensor& frames) {
    if (frames.device() == longtake::Device::Cpu) {
        return from_host_;
    }
    if (!from_cuda_ && !through_host_) {
        through_host_ = !cuda_upload_problem(device_).empty();
        try {
            from_cuda_ = through_host_ ? nullptr : make_cuda_upload(device_);
        } catch (const Error& e) {
            spdlog::warn("frames go through the host: {}", e.what());
            through_host_ = true;
        }
    }
    return through_host_ ? static_cast<FrameUpload&>(from_host_) : *from_cuda_;
}

void VideoPass::draw(VkCommandBuffer commands, const Rect& where, Scaling scaling) const {
    if (empty() || where.empty()) {
        return;
    }
    const Push push{{static_cast<float>(where.x), static_cast<float>(where.y)},
                    {static_cast<float>(where.width), static_cast<float>(where.height)},
                    {static_cast<float>(texture_.extent().width),
                     static_cast<float>(texture_.extent().height)}};
    const bool shrinks = push.texels[0] > push.size[0] || push.texels[1] > push.size[1];
    const bool as_it_is = push.texels[0] == push.size[0] && push.texels[1] == push.size[1];
    pipelines_[shrinks ? 2 : scaling == Scaling::Pixels || as_it_is ? 1 : 0].bind(commands, &push);
    const VkViewport viewport{push.origin[0], push.origin[1], push.size[0], push.size[1], 0, 1};
    const VkRect2D scissor{
        {where.x, where.y},
        {static_cast<uint32_t>(where.width), static_cast<uint32_t>(where.height)}};
    vkCmdSetViewport(commands, 0, 1, &viewport);
    vkCmdSetScissor(commands, 0, 1, &scissor);
    vkCmdDraw(commands, 3, 1, 0, 0);
}

}  // namespace longtake::render
