#include "gaussians/scene/lens.h"

#include "core/error.h"
#include "core/parallel.h"

#include <algorithm>
#include <cmath>

namespace longtake::gaussians {
namespace {

constexpr double kShortest = 0.2, kLongest = 5;  // focal length, of the lens's
constexpr int kBorderSamples = 64;               // on each side
constexpr int kRadialSteps = 32;

// Pixel of the lens's picture that shows what `camera` has at (u, v).
std::array<double, 2> source_pixel(const Lens& lens, const Camera& camera, double u, double v) {
    const auto p = lens.distort((u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy);
    return {lens.camera.fx * p[0] + lens.camera.cx, lens.camera.fy * p[1] + lens.camera.cy};
}

// Polynomials turn back outside the field they were fitted for; what lies beyond is not seen.
bool turns_back(const Lens& lens, double x, double y) {
    double before = 0;
    for (int i = 1; i <= kRadialSteps; ++i) {
        const double t = static_cast<double>(i) / kRadialSteps;
        const auto p = lens.distort(t * x, t * y);
        const double radius = std::hypot(p[0], p[1]);
        if (radius < before) {
            return true;
        }
        before = radius;
    }
    return false;
}

bool covers(const Lens& lens, const Camera& camera, double u, double v) {
    const auto p = source_pixel(lens, camera, u, v);
    return p[0] >= 0 && p[0] <= static_cast<double>(camera.width) && p[1] >= 0 &&
           p[1] <= static_cast<double>(camera.height) &&
           !turns_back(lens, (u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy);
}

bool covers_border(const Lens& lens, const Camera& camera) {
    const auto w = static_cast<double>(camera.width), h = static_cast<double>(camera.height);
    for (int i = 0; i <= kBorderSamples; ++i) {
        const double t = static_cast<double>(i) / kBorderSamples;
        if (!covers(lens, camera, t * w, 0) || !covers(lens, camera, t * w, h) ||
            !covers(lens, camera, 0, t * h) || !covers(lens, camera, w, t * h)) {
            return false;
        }
    }
    return true;
}

Camera zoomed(Camera camera, double zoom) {
    camera.fx *= zoom;
    camera.fy *= zoom;
    return camera;
}

}  // namespace

std::array<double, 2> Lens::distort(double x, double y) const {
    const auto& k = coefficients;
    const double rr = x * x + y * y;
    if (distortion == Distortion::Radial) {
        const double scale = (1 + rr * (k[0] + rr * (k[1] + rr * k[4]))) /
                             (1 + rr * (k[5] + rr * (k[6] + rr * k[7])));
        return {x * scale + 2 * k[2] * x * y + k[3] * (rr + 2 * x * x),
                y * scale + k[2] * (rr + 2 * y * y) + 2 * k[3] * x * y};
    }
    if (distortion == Distortion::Fisheye && rr > 0) {
        const double r = std::sqrt(rr), theta = std::atan(r), tt = theta * theta;
        const double scale = theta * (1 + tt * (k[0] + tt * (k[1] + tt * (k[2] + tt * k[3])))) / r;
        return {x * scale, y * scale};
    }
    if (distortion == Distortion::FieldOfView && rr > 0 && k[0] != 0) {
        const double r = std::sqrt(rr);
        const double scale = std::atan(2 * r * std::tan(0.5 * k[0])) / (k[0] * r);
        return {x * scale, y * scale};
    }
    if (distortion == Distortion::ThinPrism && rr > 0) {
        const double r = std::sqrt(rr), theta = std::atan(r), tt = theta * theta;
        const double u = x * theta / r, v = y * theta / r;
        const double scale = 1 + tt * (k[0] + tt * (k[1] + tt * (k[4] + tt * k[5])));
        return {u * scale + 2 * k[2] * u * v + k[3] * (tt + 2 * u * u) + k[6] * tt,
                v * scale + k[2] * (tt + 2 * v * v) + 2 * k[3] * u * v + k[7] * tt};
    }
    return {x, y};
}

Lens Lens::resized(int64_t width, int64_t height) const {
    Lens lens = *this;
    lens.camera = camera.resized(width, height);
    return lens;
}

Camera undistorted(const Lens& lens) {
    if (lens.distortion == Lens::Distortion::None) {
        return lens.camera;
    }
    double inside = kLongest, outside = kShortest;
    check_input(covers_border(lens, zoomed(lens.camera, inside)),
                "its lens distorts so much that no pinhole picture fits into its own");
    if (covers_border(lens, zoomed(lens.camera, outside))) {
        return zoomed(lens.camera, outside);
    }
    while (inside - outside > 1e-6) {
        const double middle = 0.5 * (inside + outside);
        (covers_border(lens, zoomed(lens.camera, middle)) ? inside : outside) = middle;
    }
    return zoomed(lens.camera, inside);
}

Tensor undistort(const Tensor& image, const Lens& lens, const Camera& camera) {
    const int64_t height = image.extent(0), width = image.extent(1);
    check(height == lens.camera.height && width == lens.camera.width,
          "a picture of {}x{} from a lens of {}x{}", width, height, lens.camera.width,
          lens.camera.height);
    Tensor result({camera.height, camera.width, 3}, DType::U8);
    const uint8_t* from = image.data<uint8_t>();
    parallel_for(camera.height, [&](int64_t row) {
        uint8_t* to = result.data<uint8_t>() + 3 * row * camera.width;
        for (int64_t column = 0; column < camera.width; ++column, to += 3) {
            const auto p = source_pixel(lens, camera, static_cast<double>(column) + 0.5,
                                        static_cast<double>(row) + 0.5);
            const double x = std::clamp(p[0] - 0.5, 0., static_cast<double>(width - 1));
            const double y = std::clamp(p[1] - 0.5, 0., static_cast<double>(height - 1));
            const auto x0 = static_cast<int64_t>(x), y0 = static_cast<int64_t>(y);
            const int64_t right = x0 + 1 < width ? 3 : 0, below = y0 + 1 < height ? 3 * width : 0;
            const double s = x - static_cast<double>(x0), t = y - static_cast<double>(y0);
            const uint8_t* at = from + 3 * (y0 * width + x0);
            for (int64_t c = 0; c < 3; ++c) {
                const double top = (1 - s) * at[c] + s * at[c + right];
                const double bottom = (1 - s) * at[c + below] + s * at[c + below + right];
                to[c] = static_cast<uint8_t>(std::lround((1 - t) * top + t * bottom));
            }
        }
    });
    return result;
}

}  // namespace longtake::gaussians
