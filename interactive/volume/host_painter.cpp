#include "interactive/volume/host_painter.h"

#include "gaussians/raster/pixel.h"
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
void shade_by_depth(const render::SplatLook& look, gaussians::PlanarPicture<float>& picture) {
    constexpr float kNear[]{0.95F, 0.96F, 1.0F}, kFar[]{0.05F, 0.07F, 0.12F};
    const auto nearest = static_cast<float>(look.nearest);
    const float scale = 1 / static_cast<float>(std::log(look.farthest / look.nearest));
    const size_t plane = picture.alpha.size();
    for (size_t i = 0; i < plane; ++i) {
        const float alpha = picture.alpha[i];
        const float mean = alpha > 0 ? picture.depth[i] / alpha : nearest;
        const float far = std::clamp(std::log(mean / nearest) * scale, 0.0F, 1.0F);
        for (size_t c = 0; c < 3; ++c) {
            picture.colour[c * plane + i] = alpha * (kNear[c] + far * (kFar[c] - kNear[c]));
        }
    }
}

// Opaque, behind what the picture shows there.
void lay_under(std::span<const LinePixel> lines, int64_t width,
               gaussians::PlanarPicture<float>& picture) {
    const size_t plane = picture.alpha.size();
    for (const LinePixel& line : lines) {
        const auto i = static_cast<size_t>(line.y * width + line.x);
        const float light = 1 - picture.alpha[i];
        for (size_t c = 0; c < 3; ++c) {
            picture.colour[c * plane + i] +=
                light * static_cast<float>(line.colour >> (8 * c) & 0xFF) / 255;
        }
        picture.alpha[i] = 1;
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

// Its splats hide lines that are behind them, and no splat behind a line is seen.
void HostPainter::stop_at(std::span<const LinePixel> lines, int64_t width) {
    const size_t plane = planes_.alpha.size();
#pragma omp parallel for schedule(dynamic, 256)
    for (const LinePixel& line : lines) {
        const auto pixel = gaussians::pixel_before(rasterizer_, width, line.x, line.y, line.depth);
        const auto i = static_cast<size_t>(line.y * width + line.x);
        for (size_t c = 0; c < 3; ++c) {
            planes_.colour[c * plane + i] = pixel.colour[c];
        }
        planes_.alpha[i] = pixel.alpha;
        planes_.depth[i] = pixel.depth;
    }
}

const render::SplatPicture& HostPainter::paint(const std::shared_ptr<const VolumeFrame>& frame,
                                               const gaussians::Camera& camera,
                                               const render::SplatLook& look,
                                               std::span<const render::Line> lines, double near) {
    if (frame_ != frame || marks_ != look.marks) {
        cloud_ = marked_cloud(frame->splats, look.marks);
        frame_ = frame;
        marks_ = look.marks;
    }
    gaussians::RenderOptions options;
    options.near = near;
    options.sh_degree = look.sh_degree;
    rasterizer_.forward(gaussians::view_of(cloud_), camera, options, planes_);
    const auto covered = raster_lines(lines, camera, near);
    stop_at(covered, camera.width);
    if (look.farthest > 0) {
        shade_by_depth(look, planes_);
    }
    lay_under(covered, camera.width, planes_);
    const int64_t h = camera.height, w = camera.width;
    picture_ = {.colour = Tensor::view(planes_.colour.data(), {3, h, w}, DType::F32),
                .alpha = Tensor::view(planes_.alpha.data(), {h, w}, DType::F32)};
    return picture_;
}

}  // namespace longtake::interactive
