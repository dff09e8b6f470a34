#include "tools/longtake/cloud_info.h"

#include "gaussians/formats/cloud_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace longtake::cli {
namespace {

namespace fs = std::filesystem;

uintmax_t bytes_of(const fs::path& path) {
    if (!fs::is_directory(path)) {
        return fs::file_size(path);
    }
    uintmax_t bytes = 0;
    for (const auto& entry : fs::directory_iterator(path)) {
        bytes += entry.is_regular_file() ? entry.file_size() : 0;
    }
    return bytes;
}

}  // namespace

void print_cloud(const fs::path& path) {
    const auto [format, cloud] = gaussians::read_cloud_file(path);
    const auto bytes = bytes_of(path.filename() == "meta.json" ? path.parent_path() / "." : path);
    fmt::print("{}, {} Gaussians, spherical harmonics of degree {}, {} bytes", format,
               cloud.count(), cloud.sh_degree(), bytes);
    if (cloud.count() == 0) {
        fmt::print("\n");
        return;
    }
    fmt::print(", {:.1f} each\n", static_cast<double>(bytes) / static_cast<double>(cloud.count()));
    for (size_t axis = 0; axis < 3; ++axis) {
        float low = std::numeric_limits<float>::infinity(), high = -low;
        for (size_t i = axis; i < cloud.means.values<float>().size(); i += 3) {
            low = std::min(low, cloud.means.values<float>()[i]);
            high = std::max(high, cloud.means.values<float>()[i]);
        }
        fmt::print("{} from {:.4g} to {:.4g}\n", "xyz"[axis], low + 0.F, high + 0.F);
    }
}

}  // namespace longtake::cli
