#include "tools/longtake/dataset_info.h"

#include "core/error.h"
#include "core/image.h"
#include "gaussians/scene/dataset.h"
#include "tools/longtake/dataset_picture.h"
#include "tools/longtake/output_path.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

namespace longtake::cli {

void print_dataset(const std::filesystem::path& path, const std::string& picture) {
    check_writable("-o", picture);
    auto dataset = gaussians::Dataset::open(path);
    const auto frames = dataset.frame_count();
    fmt::print("dataset ({}), {} cameras, {}, {} points\n", dataset.layout(), dataset.view_count(),
               frames ? fmt::format("{} frames", *frames) : "videos", dataset.points().count());
    for (size_t i = 0; i < dataset.view_count(); ++i) {
        const gaussians::Camera& camera = dataset.camera(i);
        const auto at = camera.centre();
        const double view = 2 * std::atan(0.5 * static_cast<double>(camera.height) / camera.fy);
        fmt::print("{}  {}x{}, {:.1f} degrees high, at {:.3f} {:.3f} {:.3f}\n", dataset.name(i),
                   camera.width, camera.height, view * 180 / std::numbers::pi, at[0], at[1], at[2]);
    }
    if (!picture.empty()) {
        write_png(picture, dataset_picture(dataset));
    }
}

}  // namespace longtake::cli
