#include "gaussians/scene/lens.h"

#include "core/error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace longtake::gaussians {
namespace {

using Distortion = Lens::Distortion;

Lens lens_of(Distortion distortion, std::array<double, 8> coefficients) {
    Lens lens{.distortion = distortion, .coefficients = coefficients};
    lens.camera = {.width = 160, .height = 120, .fx = 100, .fy = 105, .cx = 78, .cy = 63};
    return lens;
}

// cv2.projectPoints and cv2.fisheye.projectPoints of OpenCV 5.0.0 for these points and
// coefficients.
TEST(Lens, DistortsAsOpenCv) {
    const Lens radial =
        lens_of(Distortion::Radial, {-0.28, 0.09, 0.0012, -0.0007, -0.011, 0.02, -0.003, 0.001});
    const auto a = radial.distort(0.3, -0.2), b = radial.distort(-0.7, 0.5);
    EXPECT_NEAR(a[0], 0.2884311974745204, 1e-15);
    EXPECT_NEAR(a[1], -0.1921921316496803, 1e-15);
    EXPECT_NEAR(b[0], -0.5805368104240768, 1e-15);
    EXPECT_NEAR(b[1], 0.4151871503029121, 1e-15);
    const Lens fisheye = lens_of(Distortion::Fisheye, {-0.03, 0.012, -0.004, 0.0007});
    const auto c = fisheye.distort(0.3, -0.2), d = fisheye.distort(-0.7, 0.5);
    EXPECT_NEAR(c[0], 0.28694169034074146, 1e-15);
    EXPECT_NEAR(c[1], -0.191294460227161, 1e-15);
    EXPECT_NEAR(d[0], -0.570823623845315, 1e-15);
    EXPECT_NEAR(d[1], 0.4077311598895108, 1e-15);
}

// The definitions of COLMAP's FOV and THIN_PRISM_FISHEYE, evaluated by another program.
TEST(Lens, DistortsAsColmap) {
    const auto a = lens_of(Distortion::FieldOfView, {0.9}).distort(-0.7, 0.5);
    EXPECT_NEAR(a[0], -0.626942387399583, 1e-15);
    EXPECT_NEAR(a[1], 0.44781599099970215, 1e-15);
    const Lens prism = lens_of(Distortion::ThinPrism,
                               {-0.03, 0.012, 0.0012, -0.0007, -0.004, 0.0007, 0.002, -0.001});
    const auto b = prism.distort(-0.7, 0.5);
    EXPECT_NEAR(b[0], -0.5712082678663473, 1e-15);
    EXPECT_NEAR(b[1], 0.40857546715553544, 1e-15);
    // Without prism and tangential terms it is the fisheye.
    const auto c =
        lens_of(Distortion::ThinPrism, {-0.03, 0.012, 0, 0, -0.004, 0.0007}).distort(-0.7, 0.5);
    const auto d = lens_of(Distortion::Fisheye, {-0.03, 0.012, -0.004, 0.0007}).distort(-0.7, 0.5);
    EXPECT_NEAR(c[0], d[0], 1e-15);
    EXPECT_NEAR(c[1], d[1], 1e-15);
}

const Lens kLenses[] = {lens_of(Distortion::Radial, {-0.2, 0.03, 0.001, -0.002}),  // barrel
                        lens_of(Distortion::Radial, {0.15}),                       // pincushion
                        lens_of(Distortion::Fisheye, {-0.01, 0.003}),
                        lens_of(Distortion::FieldOfView, {0.8}),
                        lens_of(Distortion::ThinPrism, {-0.01, 0.003, 0.001, 0, 0, 0, 0.002})};

TEST(Lens, ThePinholeSeesNothingThatTheLensDoesNot) {
    for (const Lens& lens : kLenses) {
        const Camera camera = undistorted(lens);
        double nearest = 1e9;  // to the edge of the lens's picture, pixels
        for (double u = 0; u <= 160; u += 1) {
            for (double v = 0; v <= 120; v += 1) {
                const auto p =
                    lens.distort((u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy);
                const double x = 100 * p[0] + 78, y = 105 * p[1] + 63;
                nearest = std::min({nearest, x, y, 160 - x, 120 - y});
            }
        }
        EXPECT_GE(nearest, -1e-3);
        EXPECT_LE(nearest, 0.1);  // and leaves away no more than it must
        EXPECT_NEAR(camera.fx / camera.fy, 100. / 105, 1e-12);
    }
    EXPECT_THROW(undistorted(lens_of(Distortion::Radial, {-40})), InputError);
    EXPECT_EQ(undistorted(lens_of(Distortion::None, {})).fx, 100);
}

// Brightness of a pattern on the plane z = 1.
double pattern(double x, double y) {
    return 128 + 60 * std::sin(7 * x) + 50 * std::cos(6 * y - 2 * x);
}

TEST(Lens, StraightensPictures) {
    for (const Lens& lens : kLenses) {
        Tensor seen({120, 160, 3}, DType::U8);
        for (int64_t i = 0; i < 120 * 160; ++i) {
            // The point of the plane that this pixel shows, by iteration.
            const double u = (static_cast<double>(i % 160) + 0.5 - 78) / 100,
                         v = (static_cast<double>(i / 160) + 0.5 - 63) / 105;
            double x = u, y = v;
            for (int step = 0; step < 100; ++step) {
                const auto p = lens.distort(x, y);
                x += 0.7 * (u - p[0]);
                y += 0.7 * (v - p[1]);
            }
            std::fill_n(seen.data<uint8_t>() + 3 * i, 3,
                        static_cast<uint8_t>(std::lround(pattern(x, y))));
        }
        const Camera camera = undistorted(lens);
        const Tensor straight = undistort(seen, lens, camera);
        double worst = 0;
        for (int64_t i = 0; i < 120 * 160; ++i) {
            const double x = (static_cast<double>(i % 160) + 0.5 - camera.cx) / camera.fx,
                         y = (static_cast<double>(i / 160) + 0.5 - camera.cy) / camera.fy;
            worst = std::max(worst, std::abs(straight.data<uint8_t>()[3 * i + 1] - pattern(x, y)));
        }
        EXPECT_LT(worst, 6);  // half a pixel of the pattern's slope, at the borders
    }
}

}  // namespace
}  // namespace longtake::gaussians
