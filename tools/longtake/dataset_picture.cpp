#include "tools/longtake/dataset_picture.h"

#include "core/image.h"
#include "gaussians/raster/render.h"
#include "gaussians/raster/to_image.h"
#include "gaussians/scene/camera_path.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

namespace longtake::cli {
namespace {

using gaussians::Camera;
using gaussians::Cloud;
using gaussians::Dataset;
using Vec3 = std::array<double, 3>;

constexpr int64_t kWidth = 1280, kPanelHeight = 480, kFrame = 4;  // pixels
constexpr int kBeads = 40;                                        // of a line
constexpr double kView = 0.8;                                     // radians
constexpr int64_t kMaxPoints = 200'000;

Vec3 along(const Vec3& a, const Vec3& direction, double length) {
    return {a[0] + length * direction[0], a[1] + length * direction[1],
            a[2] + length * direction[2]};
}

Vec3 colour_of(size_t i, size_t count) {
    const double hue = static_cast<double>(i) / static_cast<double>(count);
    Vec3 rgb{};
    for (size_t c = 0; c < 3; ++c) {
        const double phase = 2 * std::numbers::pi * (hue - static_cast<double>(c) / 3);
        rgb[c] = 0.55 + 0.45 * std::cos(phase);
    }
    return rgb;
}

Vec3 axis_of(const Camera& camera, size_t row) {
    return {camera.rotation[3 * row], camera.rotation[3 * row + 1], camera.rotation[3 * row + 2]};
}

// The drawing, in small round Gaussians.
class Beads {
  public:
    void add(const Vec3& at, const Vec3& rgb, double size) {
        for (size_t k = 0; k < 3; ++k) {
            means_.push_back(static_cast<float>(at[k]));
            dc_.push_back(static_cast<float>((rgb[k] - 0.5) / 0.28209479177387814));
            log_scales_.push_back(static_cast<float>(std::log(size)));
        }
    }
    void add_line(const Vec3& a, const Vec3& b, const Vec3& rgb, double size) {
        for (int i = 0; i <= kBeads; ++i) {
            const double t = static_cast<double>(i) / kBeads;
            add({a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]), a[2] + t * (b[2] - a[2])}, rgb,
                size);
        }
    }
    Cloud cloud() const {
        const int64_t count = std::ssize(means_) / 3;
        Cloud cloud = Cloud::sized(count, 0);
        cloud.means = Tensor::from(means_, {count, 3});
        cloud.log_scales = Tensor::from(log_scales_, {count, 3});
        cloud.sh_dc = Tensor::from(dc_, {count, 3});
        std::ranges::fill(cloud.rotations.values<float>(), 0.5F);
        std::ranges::fill(cloud.opacities.values<float>(), 3.F);
        return cloud;
    }

  private:
    std::vector<float> means_, log_scales_, dc_;
};

// What is drawn: where the middle of it is, and how far it reaches.
struct Rig {
    Vec3 centre{}, up{}, forward{};  // means over the cameras
    double radius = 0;
};

Rig rig_of(const Dataset& dataset) {
    Rig rig;
    const auto count = static_cast<double>(dataset.view_count());
    for (size_t i = 0; i < dataset.view_count(); ++i) {
        const Camera& camera = dataset.camera(i);
        rig.centre = along(rig.centre, camera.centre(), 1 / count);
        rig.up = along(rig.up, axis_of(camera, 1), -1 / count);
        rig.forward = along(rig.forward, axis_of(camera, 2), 1 / count);
    }
    for (size_t i = 0; i < dataset.view_count(); ++i) {
        const Vec3 offset = along(dataset.camera(i).centre(), rig.centre, -1);
        rig.radius = std::max(rig.radius, 1.5 * std::hypot(offset[0], offset[1], offset[2]));
    }
    rig.radius = rig.radius > 0 ? rig.radius : 1;
    rig.centre = along(rig.centre, rig.forward, 0.5 * rig.radius);
    return rig;
}

// The pyramid of what a camera sees, `length` high.
void add_camera(Beads& beads, const Camera& camera, double length, const Vec3& rgb) {
    const Vec3 centre = camera.centre();
    std::array<Vec3, 4> corners{};
    for (size_t i = 0; i < 4; ++i) {
        const double u = i == 0 || i == 3 ? 0. : static_cast<double>(camera.width);
        const double v = i < 2 ? 0. : static_cast<double>(camera.height);
        corners[i] = along(centre, axis_of(camera, 2), length);
        corners[i] = along(corners[i], axis_of(camera, 0), length * (u - camera.cx) / camera.fx);
        corners[i] = along(corners[i], axis_of(camera, 1), length * (v - camera.cy) / camera.fy);
    }
    for (size_t i = 0; i < 4; ++i) {
        beads.add_line(centre, corners[i], rgb, 0.012 * length);
        beads.add_line(corners[i], corners[(i + 1) % 4], rgb, 0.012 * length);
    }
}

Cloud drawing_of(const Dataset& dataset, const Rig& rig) {
    Beads beads;
    const auto& points = dataset.points();
    const int64_t step = points.count() / kMaxPoints + 1;
    for (int64_t i = 0; i < points.count(); i += step) {
        const float* at = points.positions.data() + 3 * i;
        const uint8_t* rgb = points.colours.data() + 3 * i;
        beads.add({at[0], at[1], at[2]}, {rgb[0] / 255., rgb[1] / 255., rgb[2] / 255.},
                  0.004 * rig.radius);
    }
    for (size_t i = 0; i < dataset.view_count(); ++i) {
        add_camera(beads, dataset.camera(i), 0.2 * rig.radius, colour_of(i, dataset.view_count()));
    }
    return beads.cloud();
}

void paste(const Tensor& image, Tensor& page, int64_t x, int64_t y) {
    for (int64_t row = 0; row < image.extent(0); ++row) {
        std::ranges::copy(image.slice(row, row + 1).values<uint8_t>(),
                          page.data<uint8_t>() + 3 * ((y + row) * page.extent(1) + x));
    }
}

void draw_rig(const Dataset& dataset, Tensor& page) {
    const Rig rig = rig_of(dataset);
    const Cloud drawing = drawing_of(dataset, rig);
    const double distance = rig.radius / std::sin(0.5 * kView);
    // From behind and above, a little to the side; and from straight above.
    const Vec3 aside =
        along(along(along(rig.centre, rig.forward, -0.7 * distance), rig.up, 0.6 * distance),
              {1, 0, 0}, 0.4 * distance);
    const Vec3 above = along(rig.centre, rig.up, distance);
    const Camera first =
        gaussians::look_at(aside, rig.centre, rig.up, kView, kWidth / 2, kPanelHeight);
    const Camera second =
        gaussians::look_at(above, rig.centre, rig.forward, kView, kWidth / 2, kPanelHeight);
    paste(gaussians::to_image(gaussians::render(drawing, first).colour), page, 0, 0);
    paste(gaussians::to_image(gaussians::render(drawing, second).colour), page, kWidth / 2, 0);
}

void draw_sheet(Dataset& dataset, Tensor& page, int64_t columns, int64_t width, int64_t height) {
    for (size_t i = 0; i < dataset.view_count(); ++i) {
        Tensor cell({height, width, 3}, DType::U8);
        const Vec3 rgb = colour_of(i, dataset.view_count());
        for (size_t k = 0; k < cell.values<uint8_t>().size(); ++k) {
            cell.values<uint8_t>()[k] = static_cast<uint8_t>(255 * rgb[k % 3]);
        }
        if (const auto image = dataset.image(i, 0)) {
            paste(resize_and_crop(*image, height - 2 * kFrame, width - 2 * kFrame), cell, kFrame,
                  kFrame);
        }
        const auto at = static_cast<int64_t>(i);
        paste(cell, page, at % columns * width, kPanelHeight + at / columns * height);
    }
}

}  // namespace

Tensor dataset_picture(Dataset& dataset) {
    const Camera& first = dataset.camera(0);
    const auto count = static_cast<double>(dataset.view_count());
    const double upright = static_cast<double>(first.height) / static_cast<double>(first.width);
    const auto columns = std::clamp<int64_t>(std::lround(std::sqrt(2 * count * upright)), 2, 40);
    const int64_t width = kWidth / columns;
    const int64_t height = std::max(2 * kFrame + 1, width * first.height / first.width);
    const int64_t rows = (static_cast<int64_t>(dataset.view_count()) + columns - 1) / columns;
    Tensor page = Tensor::zeros({kPanelHeight + rows * height, kWidth, 3}, DType::U8);
    draw_rig(dataset, page);
    draw_sheet(dataset, page, columns, width, height);
    return page;
}

}  // namespace longtake::cli
