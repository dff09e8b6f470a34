#include "interactive/volume/gizmos.h"

#include "gaussians/scene/vec3.h"
#include "interactive/theme.h"

#include <cmath>

namespace longtake::interactive {
namespace {

using gaussians::cross;
using gaussians::plus;

using Point = std::array<float, 3>;

constexpr uint32_t kGrid = theme::rgb(0x33383F), kRed = theme::rgb(0xC25B54),
                   kGreenAxis = theme::rgb(0x5FA38A), kBlue = theme::rgb(0x5E8FC4);

Point point(const Vec3& v) {
    return {static_cast<float>(v[0]), static_cast<float>(v[1]), static_cast<float>(v[2])};
}

void add(std::vector<render::Line>& out, const Vec3& from, const Vec3& to, uint32_t colour,
         float width) {
    out.push_back({point(from), width, point(to), colour});
}

// A round number near it: 1, 2 or 5 times a power of ten.
double round_step(double wanted) {
    const double power = std::pow(10.0, std::floor(std::log10(wanted)));
    const double part = wanted / power;
    return power * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
}

}  // namespace

void add_grid(std::vector<render::Line>& out, const Vec3& centre, const Vec3& up, double radius,
              float width) {
    const Vec3 other = std::abs(up[2]) < 0.9 ? Vec3{0, 0, 1} : Vec3{1, 0, 0};
    const Vec3 a = gaussians::unit(cross(other, up));
    const Vec3 b = cross(up, a);
    constexpr int kLines = 8;  // on either side of the middle
    const double step = round_step(2 * radius / kLines), reach = step * kLines;
    for (int i = -kLines; i <= kLines; ++i) {
        const Vec3 along = plus(centre, a, i * step), across = plus(centre, b, i * step);
        add(out, plus(along, b, -reach), plus(along, b, reach), kGrid, width);
        add(out, plus(across, a, -reach), plus(across, a, reach), kGrid, width);
    }
}

void add_axes(std::vector<render::Line>& out, const Vec3& origin, double length, float width) {
    add(out, origin, plus(origin, {1, 0, 0}, length), kRed, width);
    add(out, origin, plus(origin, {0, 1, 0}, length), kGreenAxis, width);
    add(out, origin, plus(origin, {0, 0, 1}, length), kBlue, width);
}

void add_frustum(std::vector<render::Line>& out, const gaussians::Camera& camera, double depth,
                 uint32_t colour, float width) {
    const auto& r = camera.rotation;
    const Vec3 eye = camera.centre();
    std::array<Vec3, 4> corners;
    for (size_t i = 0; i < 4; ++i) {
        const double u = i == 1 || i == 2 ? static_cast<double>(camera.width) : 0;
        const double v = i >= 2 ? static_cast<double>(camera.height) : 0;
        const double x = (u - camera.cx) / camera.fx, y = (v - camera.cy) / camera.fy;
        corners[i] =
            plus(plus(plus(eye, {r[0], r[1], r[2]}, depth * x), {r[3], r[4], r[5]}, depth * y),
                 {r[6], r[7], r[8]}, depth);
    }
    for (size_t i = 0; i < 4; ++i) {
        add(out, eye, corners[i], colour, width);
        add(out, corners[i], corners[(i + 1) % 4], colour, width);
    }
}

void add_path(std::vector<render::Line>& out, const std::vector<gaussians::PathKey>& keys,
              const Vec3& up, double size, float width) {
    constexpr int kPieces = 24;  // from a key to the next
    for (size_t i = 0; i + 1 < keys.size(); ++i) {
        for (int k = 0; k < kPieces; ++k) {
            const auto at = [&](int piece) {
                const double part = static_cast<double>(piece) / kPieces;
                return gaussians::along_path(
                           keys, keys[i].time + part * (keys[i + 1].time - keys[i].time))
                    .position;
            };
            add(out, at(k), at(k + 1), theme::kAccent, width);
        }
    }
    for (const gaussians::PathKey& key : keys) {
        add_frustum(out,
                    gaussians::look_at(key.position, key.target, up, key.field_of_view, 160, 90),
                    size, theme::kAccent, width);
    }
}

}  // namespace longtake::interactive
