#include "generator/control/depth.h"

#include "core/error.h"
#include "core/file.h"
#include "core/grey_image.h"
#include "core/npy.h"
#include "core/video_reader.h"

#include <algorithm>
#include <cmath>

namespace longtake::generator {
namespace {

namespace fs = std::filesystem;

constexpr double kMillimetre = 0.001;
constexpr int64_t kMostFrames = 4096;

// Values [height, width] of any size, fitted to the take: the nearest of each pixel, so that
// nothing appears between the near and the far.
template <typename Value>
Depth fitted(int64_t height, int64_t width, const TrackFrame& take, const Value& value) {
    const double factor = std::min(static_cast<double>(height) / static_cast<double>(take.height),
                                   static_cast<double>(width) / static_cast<double>(take.width));
    const auto from = [factor](int64_t at, int64_t to_extent, int64_t extent) {
        const double middle = static_cast<double>(at) + 0.5 - 0.5 * static_cast<double>(to_extent);
        const double place = 0.5 * static_cast<double>(extent) + factor * middle;
        return std::clamp<int64_t>(static_cast<int64_t>(std::floor(place)), 0, extent - 1);
    };
    Depth depth{.width = take.width, .height = take.height, .values = {}};
    for (int64_t y = 0; y < take.height; ++y) {
        for (int64_t x = 0; x < take.width; ++x) {
            const double v =
                value(from(y, take.height, height) * width + from(x, take.width, width));
            depth.values.push_back(std::isfinite(v) ? static_cast<float>(v) : 0);
        }
    }
    return depth;
}

Depth from_png(const fs::path& path, double scale, const TrackFrame& take) {
    const GreyImage image = read_grey(path);
    return fitted(image.height, image.width, take,
                  [&](int64_t i) { return scale * image.values[static_cast<size_t>(i)]; });
}

std::vector<Depth> from_array(const NpyArray& array, double scale, const TrackFrame& take) {
    const Shape& shape = array.shape;
    const size_t rank = shape.rank();
    check_input((rank == 2 || rank == 3) && shape.count() > 0,
                "its depth is {}, not [H, W] or [T, H, W]", shape.str());
    const int64_t frames = rank == 3 ? shape[0] : 1;
    check_input(frames <= kMostFrames, "it has {} frames, more than {}", frames, kMostFrames);
    const int64_t height = shape[rank - 2], width = shape[rank - 1];
    std::vector<Depth> all;
    for (int64_t t = 0; t < frames; ++t) {
        all.push_back(fitted(height, width, take, [&](int64_t i) {
            return scale / kMillimetre * array.values[static_cast<size_t>(t * height * width + i)];
        }));
    }
    return all;
}

std::vector<Depth> from_video(const std::string& path, const TrackFrame& take) {
    VideoReader reader(path);
    std::vector<Depth> all;
    while (const auto frame = reader.next()) {
        check_input(std::ssize(all) < kMostFrames, "it has more than {} frames", kMostFrames);
        const uint8_t* grey = frame->data<uint8_t>();
        all.push_back(fitted(frame->extent(0), frame->extent(1), take, [&](int64_t i) {
            return grey[3 * i] == 0 ? 0. : 255. / grey[3 * i];
        }));
    }
    check_input(!all.empty(), "it holds no frames");
    return all;
}

std::vector<Depth> read(const fs::path& path, double scale, const TrackFrame& take) {
    if (fs::is_directory(path)) {
        std::vector<fs::path> pictures;
        for (const auto& entry : fs::directory_iterator(path)) {
            if (entry.path().extension() == ".png") {
                pictures.push_back(entry.path());
            }
        }
        check_input(!pictures.empty() && std::ssize(pictures) <= kMostFrames,
                    "there are {} PNG images in it, not 1 to {}", pictures.size(), kMostFrames);
        std::ranges::sort(pictures);
        std::vector<Depth> all;
        for (const fs::path& picture : pictures) {
            all.push_back(from_png(picture, scale, take));
        }
        return all;
    }
    const std::string extension = path.extension().string();
    if (extension == ".png") {
        return {from_png(path, scale, take)};
    }
    if (extension == ".npy") {
        return from_array(read_npy(path), scale, take);
    }
    if (extension == ".npz") {
        const auto arrays = parse_npz(MappedFile::open(path)->bytes());
        check_input(arrays.contains("depth"), "it holds no array 'depth'");
        return from_array(arrays.at("depth"), scale, take);
    }
    return from_video(path.string(), take);
}

}  // namespace

std::optional<double> Depth::at(double x, double y) const {
    if (x < 0 || y < 0 || x >= static_cast<double>(width) || y >= static_cast<double>(height)) {
        return std::nullopt;
    }
    const auto i = static_cast<int64_t>(y) * width + static_cast<int64_t>(x);
    const float value = values[static_cast<size_t>(i)];
    return value > 0 ? std::optional(static_cast<double>(value)) : std::nullopt;
}

double Depth::median() const {
    std::vector<float> known;
    std::ranges::copy_if(values, std::back_inserter(known), [](float v) { return v > 0; });
    if (known.empty()) {
        return 1;
    }
    const auto middle = known.begin() + std::ssize(known) / 2;
    std::ranges::nth_element(known, middle);
    return static_cast<double>(*middle);
}

std::vector<Depth> read_depth(const fs::path& path, double scale, const TrackFrame& take) {
    check_input(fs::exists(path), "{}: there is no such file or folder", path.string());
    try {
        return read(path, scale, take);
    } catch (const InputError& e) {
        const std::string said = e.what();
        fail_input("{}", said.starts_with(path.string()) ? said : path.string() + ": " + said);
    }
}

// n . X = c, with n the first camera's axis.
Depth plane_depth(const Pinhole& first, double distance, const Pinhole& camera) {
    const auto& r = first.rotation;
    const std::array<double, 3> n{r[6], r[7], r[8]};
    const auto dot = [&](const std::array<double, 3>& v) {
        return n[0] * v[0] + n[1] * v[1] + n[2] * v[2];
    };
    const double c = distance - first.translation[2];
    const double from = dot(camera.centre());
    Depth depth{.width = camera.width, .height = camera.height, .values = {}};
    for (int64_t y = 0; y < camera.height; ++y) {
        for (int64_t x = 0; x < camera.width; ++x) {
            // A depth of 1 leads so far towards the plane.
            const double step = dot(camera.unprojected(static_cast<double>(x) + 0.5,
                                                       static_cast<double>(y) + 0.5, 1)) -
                                from;
            const double far = std::abs(step) > 1e-9 ? (c - from) / step : 0;
            depth.values.push_back(far > 0 && far < 1e6 ? static_cast<float>(far) : 0);
        }
    }
    return depth;
}

}  // namespace longtake::generator
