#include "interactive/volume/line_raster.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace longtake::interactive {
namespace {

// From one end to the other on the picture, and what is nearest at both.
struct Stroke {
    float x, y;              // where it begins
    float along_x, along_y;  // unit vector
    float length, half_width;
    float begin, end;  // 1 / depth, which is linear on the picture
};

std::array<float, 3> in_camera(const gaussians::Camera& camera, const std::array<float, 3>& world) {
    std::array<float, 3> c{};
    for (size_t i = 0; i < 3; ++i) {
        double sum = camera.translation[i];
        for (size_t j = 0; j < 3; ++j) {
            sum += camera.rotation[3 * i + j] * static_cast<double>(world[j]);
        }
        c[i] = static_cast<float>(sum);
    }
    return c;
}

std::optional<Stroke> stroke_of(const render::Line& line, const gaussians::Camera& camera,
                                float near) {
    auto a = in_camera(camera, line.from), b = in_camera(camera, line.to);
    if (std::max(a[2], b[2]) <= near) {
        return std::nullopt;
    }
    auto& behind = a[2] < b[2] ? a : b;
    const auto& before = a[2] < b[2] ? b : a;
    if (behind[2] < near) {
        const float part = (near - behind[2]) / (before[2] - behind[2]);
        for (size_t i = 0; i < 3; ++i) {
            behind[i] += part * (before[i] - behind[i]);
        }
    }
    const auto project = [&](const std::array<float, 3>& p) {
        return std::array{
            static_cast<float>(camera.fx) * p[0] / p[2] + static_cast<float>(camera.cx),
            static_cast<float>(camera.fy) * p[1] / p[2] + static_cast<float>(camera.cy)};
    };
    const auto from = project(a), to = project(b);
    const float x = to[0] - from[0], y = to[1] - from[1], length = std::hypot(x, y);
    const bool point = length <= 1e-3F;
    return Stroke{.x = from[0],
                  .y = from[1],
                  .along_x = point ? 1 : x / length,
                  .along_y = point ? 0 : y / length,
                  .length = length,
                  .half_width = 0.5F * line.width,
                  .begin = 1 / a[2],
                  .end = 1 / b[2]};
}

// Calls body(x, y, 1 / depth) for the pixels whose centres are on it.
template <typename Body>
void visit(const Stroke& s, const gaussians::Camera& camera, const Body& body) {
    const float end_x = s.x + s.length * s.along_x, end_y = s.y + s.length * s.along_y;
    const auto span = [](float a, float b, float reach, int64_t extent) {
        const auto most = static_cast<float>(extent);
        return std::array{
            static_cast<int64_t>(std::clamp(std::min(a, b) - reach - 0.5F, 0.F, most)),
            static_cast<int64_t>(std::clamp(std::max(a, b) + reach + 0.5F, 0.F, most))};
    };
    const auto rows = span(s.y, end_y, s.half_width, camera.height);
    for (int64_t row = rows[0]; row < rows[1]; ++row) {
        const float dy = static_cast<float>(row) + 0.5F - s.y;
        // Where the row crosses the line's edges; all of it for a line along the row.
        float left = std::min(s.x, end_x) - s.half_width,
              right = std::max(s.x, end_x) + s.half_width;
        if (std::abs(s.along_y) > 1e-3F) {
            const float middle = s.x + dy * s.along_x / s.along_y;
            const float reach = s.half_width / std::abs(s.along_y);
            left = std::max(left, middle - reach);
            right = std::min(right, middle + reach);
        }
        const auto columns = span(left, right, 0, camera.width);
        for (int64_t column = columns[0]; column < columns[1]; ++column) {
            const float dx = static_cast<float>(column) + 0.5F - s.x;
            const float along = dx * s.along_x + dy * s.along_y;
            const float aside = dy * s.along_x - dx * s.along_y;
            if (along >= 0 && along <= s.length && std::abs(aside) <= s.half_width) {
                body(column, row, s.begin + along / s.length * (s.end - s.begin));
            }
        }
    }
}

}  // namespace

std::vector<LinePixel> raster_lines(std::span<const render::Line> lines,
                                    const gaussians::Camera& camera, double near) {
    struct Nearest {
        float inverse_depth = 0;
        uint32_t colour = 0;
    };
    std::vector<Nearest> all(static_cast<size_t>(camera.width * camera.height));
    for (const render::Line& line : lines) {
        if (const auto stroke = stroke_of(line, camera, static_cast<float>(near))) {
            visit(*stroke, camera, [&](int64_t x, int64_t y, float inverse_depth) {
                Nearest& pixel = all[static_cast<size_t>(y * camera.width + x)];
                if (inverse_depth > pixel.inverse_depth) {
                    pixel = {inverse_depth, line.colour};
                }
            });
        }
    }
    std::vector<LinePixel> covered;
    for (size_t i = 0; i < all.size(); ++i) {
        if (all[i].inverse_depth > 0) {
            const auto at = static_cast<int64_t>(i);
            covered.push_back(
                {at % camera.width, at / camera.width, 1 / all[i].inverse_depth, all[i].colour});
        }
    }
    return covered;
}

}  // namespace longtake::interactive
