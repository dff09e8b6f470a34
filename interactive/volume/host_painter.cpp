#include "interactive/volume/host_painter.h"

#include "gaussians/raster/spherical_harmonics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace longtake::interactive {
namespace {

using Mark = render::SplatLook::Mark;

// Colours as the marks say, in what harmonics add up to; what is hidden becomes transparent.
gaussians::Cloud marked_cloud(const render::Splats& s, std::span<const Mark> marks) {
    gaussians::Cloud out = cloud_of(s);
    if (s.marks.empty() ||
        std::ranges::none_of(marks, [](const Mark& m) { return m.hidden || m.amount > 0; })) {
        return out;
    }
    out.opacities = out.opacities.clone();
    out.sh_dc = out.sh_dc.clone();
    out.sh_rest = out.sh_rest.clone();
    const int64_t rest = 3 * out.sh_rest.extent(1);
    for (int64_t i = 0; i < out.count(); ++i) {
        const Mark& mark = marks[s.marks.data<uint8_t>()[i]];
        if (mark.hidden) {
            out.opacities.data<float>()[i] = -std::numeric_limits<float>::infinity();
        }
        const float colour[]{mark.colour.r, mark.colour.g, mark.colour.b};
        for (int64_t c = 0; c < 3; ++c) {
            float& dc = out.sh_dc.data<float>()[3 * i + c];
            dc += mark.amount * ((colour[c] - 0.5F) / static_cast<float>(gaussians::kSh0) - dc);
        }
        for (int64_t k = 0; k < rest; ++k) {
            out.sh_rest.data<float>()[i * rest + k] *= 1 - mark.amount;
        }
    }
    return out;
}

// As project.comp shades it, of the mean depth.
void shade_by_depth(const render::SplatLook& look, render::SplatPicture& picture) {
    picture.colour = picture.colour.clone();
    const int64_t plane = picture.alpha.count();
    const float *alpha = picture.alpha.data<float>(), *depth = picture.depth.data<float>();
    constexpr float kNear[]{0.95F, 0.96F, 1.0F}, kFar[]{0.05F, 0.07F, 0.12F};
    const auto nearest = static_cast<float>(look.nearest);
    const float scale = 1 / static_cast<float>(std::log(look.farthest / look.nearest));
    for (int64_t i = 0; i < plane; ++i) {
        const float mean = alpha[i] > 0 ? depth[i] / alpha[i] : nearest;
        const float far = std::clamp(std::log(mean / nearest) * scale, 0.0F, 1.0F);
        for (int64_t c = 0; c < 3; ++c) {
            picture.colour.data<float>()[c * plane + i] =
                alpha[i] * (kNear[c] + far * (kFar[c] - kNear[c]));
        }
    }
}

}  // namespace

gaussians::Cloud cloud_of(const render::Splats& s) {
    return {.means = s.means,
            .log_scales = s.log_scales,
            .rotations = s.rotations,
            .opacities = s.opacities,
            .sh_dc = s.sh_dc,
            .sh_rest = s.sh_rest};
}

HostPainter::HostPainter() : renderer_(gaussians::Renderer::on(Device::Cpu)) {}

const render::SplatPicture& HostPainter::paint(const std::shared_ptr<const VolumeFrame>& frame,
                                               const gaussians::Camera& camera,
                                               const render::SplatLook& look, double near) {
    if (frame_ != frame || marks_ != look.marks) {
        cloud_ = marked_cloud(frame->splats, look.marks);
        frame_ = frame;
        marks_ = look.marks;
    }
    gaussians::RenderOptions options;
    options.near = near;
    options.sh_degree = look.sh_degree;
    const gaussians::Picture& drawn = renderer_->draw(cloud_, camera, options);
    picture_ = {.colour = drawn.colour, .alpha = drawn.alpha, .depth = drawn.depth};
    if (look.farthest > 0) {
        shade_by_depth(look, picture_);
    }
    return picture_;
}

}  // namespace longtake::interactive
