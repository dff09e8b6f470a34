#include "render/splats/splat_view.h"

#include "core/error.h"

#include <algorithm>

namespace longtake::render {

int Splats::sh_degree() const {
    const int64_t rest = sh_rest.empty() ? 0 : sh_rest.extent(1);
    int degree = 0;
    while ((degree + 1) * (degree + 1) - 1 < rest) {
        ++degree;
    }
    check(degree <= 3 && (degree + 1) * (degree + 1) - 1 == rest, "{} coefficients of no degree",
          rest);
    return degree;
}

ShaderView shader_view(const SplatView& view, VkExtent2D extent) {
    ShaderView out{};
    const Pinhole& c = view.camera;
    const auto eye = c.centre();
    for (size_t i = 0; i < 3; ++i) {
        for (size_t k = 0; k < 3; ++k) {
            out.rows[i][k] = static_cast<float>(c.rotation[3 * i + k]);
        }
        out.rows[i][3] = static_cast<float>(c.translation[i]);
        out.eye[i] = static_cast<float>(eye[i]);
    }
    out.eye[3] = static_cast<float>(view.near);
    const double lens[]{c.fx, c.fy, c.cx, c.cy};
    std::ranges::transform(lens, out.lens, [](double v) { return static_cast<float>(v); });
    constexpr double kMargin = 0.15;  // of the picture, as gaussians/raster/render.h says
    const double width = extent.width, height = extent.height;
    const double limits[]{(-c.cx - kMargin * width) / c.fx, (width - c.cx + kMargin * width) / c.fx,
                          (-c.cy - kMargin * height) / c.fy,
                          (height - c.cy + kMargin * height) / c.fy};
    std::ranges::transform(limits, out.limits, [](double v) { return static_cast<float>(v); });
    out.size[0] = static_cast<float>(width);
    out.size[1] = static_cast<float>(height);
    out.depths[0] = static_cast<float>(view.look.nearest);
    out.depths[1] = static_cast<float>(view.look.farthest);
    if (view.splats != nullptr) {
        const int degree = view.splats->sh_degree();
        out.count = static_cast<uint32_t>(view.splats->count());
        out.degree = static_cast<uint32_t>(std::min(degree, view.look.sh_degree));
        out.rest_count = static_cast<uint32_t>((degree + 1) * (degree + 1) - 1);
        out.marked = view.splats->marks.empty() ? 0 : 1;
    }
    for (size_t i = 0; i < SplatLook::kMarks; ++i) {
        const SplatLook::Mark& mark = view.look.marks[i];
        const float row[]{mark.colour.r, mark.colour.g, mark.colour.b,
                          mark.hidden ? -1 : mark.amount};
        std::ranges::copy(row, out.marks[i]);
    }
    return out;
}

}  // namespace longtake::render
