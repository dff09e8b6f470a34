#include "core/image.h"

#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "core/video_reader.h"

#include <png.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

namespace longtake {
namespace {

// libpng's description of one image, released on every path.
struct PngImage : png_image {
    PngImage() : png_image{} { version = PNG_IMAGE_VERSION; }
    ~PngImage() { png_image_free(this); }
    PngImage(const PngImage&) = delete;
    PngImage& operator=(const PngImage&) = delete;
};

void check_image(const Tensor& image) {
    check(image.shape().rank() == 3 && image.extent(2) == 3 && image.dtype() == DType::U8 &&
              image.extent(0) > 0 && image.extent(1) > 0,
          "an image is [H, W, 3] of uint8, not {} of {}", image.shape().str(),
          name_of(image.dtype()));
}

// How one row or column of the result is mixed from the source.
struct Tap {
    int64_t first;
    std::vector<float> weights;
};

// Taps of `count` samples spread over [begin, begin + extent) of a line of `length` samples.
std::vector<Tap> make_taps(int64_t length, double begin, double extent, int64_t count) {
    const double step = extent / static_cast<double>(count);
    const double radius = std::max(1.0, step);
    std::vector<Tap> taps;
    for (int64_t i = 0; i < count; ++i) {
        const double centre = begin + (static_cast<double>(i) + 0.5) * step;
        const auto inside = [&](double x) {
            return std::clamp(static_cast<int64_t>(std::floor(x)), int64_t{0}, length - 1);
        };
        Tap tap{inside(centre - radius), {}};
        float sum = 0;
        for (int64_t k = tap.first; k <= inside(centre + radius); ++k) {
            const double distance = std::abs(static_cast<double>(k) + 0.5 - centre);
            tap.weights.push_back(static_cast<float>(std::max(0.0, 1.0 - distance / radius)));
            sum += tap.weights.back();
        }
        for (float& w : tap.weights) {
            w /= sum;
        }
        taps.push_back(std::move(tap));
    }
    return taps;
}

}  // namespace

Tensor read_png(const std::filesystem::path& path) {
    const auto file = MappedFile::open(path);
    PngImage png;
    check_input(
        png_image_begin_read_from_memory(&png, file->bytes().data(), file->bytes().size()) != 0,
        "{} is not a PNG image: {}", path.string(), png.message);
    const int64_t height = png.height, width = png.width;
    check_input(
        height <= kMaxImageSide && width <= kMaxImageSide && height * width <= kMaxImagePixels,
        "{} is too large: {}x{} pixels", path.string(), width, height);
    png.format = PNG_FORMAT_RGB;
    png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    Tensor image({height, width, 3}, DType::U8);
    const png_color white{255, 255, 255};
    check_input(png_image_finish_read(&png, &white, image.raw(), 0, nullptr) != 0,
                "{} is a damaged PNG image: {}", path.string(), png.message);
    return image;
}

Tensor read_image(const std::filesystem::path& path) {
    const auto file = MappedFile::open(path);
    const auto start = reinterpret_cast<png_const_bytep>(file->bytes().data());
    if (file->bytes().size() >= 8 && png_sig_cmp(start, 0, 8) == 0) {
        return read_png(path);
    }
    std::optional<Tensor> image = VideoReader(path.string()).next();
    check_input(image.has_value(), "{} holds no image", path.string());
    return *std::move(image);
}

void write_png(const std::filesystem::path& path, const Tensor& image) {
    check_image(image);
    PngImage png;
    png.height = static_cast<png_uint_32>(image.extent(0));
    png.width = static_cast<png_uint_32>(image.extent(1));
    png.format = PNG_FORMAT_RGB;
    png.flags = PNG_IMAGE_FLAG_FAST;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
    std::vector<std::byte> bytes(size);
    check(png_image_write_to_memory(&png, bytes.data(), &size, 0, image.raw(), 0, nullptr) != 0,
          "cannot write {}: {}", path.string(), png.message);
    AtomicFile file(path);
    file.write(std::span(bytes).first(size));
    file.commit();
}

Tensor resize_and_crop(const Tensor& image, int64_t height, int64_t width) {
    check_image(image);
    check(height > 0 && width > 0, "cannot resize to {}x{}", width, height);
    const auto h = static_cast<double>(image.extent(0)), w = static_cast<double>(image.extent(1));
    const double scale = std::min(h / static_cast<double>(height), w / static_cast<double>(width));
    const double box_h = scale * static_cast<double>(height);
    const double box_w = scale * static_cast<double>(width);
    const auto rows = make_taps(image.extent(0), (h - box_h) / 2, box_h, height);
    const auto columns = make_taps(image.extent(1), (w - box_w) / 2, box_w, width);

    Tensor result({height, width, 3}, DType::U8);
    const uint8_t* source = image.data<uint8_t>();
    uint8_t* target = result.data<uint8_t>();
    const int64_t stride = image.extent(1) * 3;
    parallel_for(height, [&](int64_t y) {
        const Tap& row = rows[static_cast<size_t>(y)];
        std::vector<float> line(static_cast<size_t>(stride), 0.0f);
        for (size_t k = 0; k < row.weights.size(); ++k) {
            const uint8_t* in = source + (row.first + static_cast<int64_t>(k)) * stride;
            for (size_t i = 0; i < line.size(); ++i) {
                line[i] += row.weights[k] * in[i];
            }
        }
        uint8_t* out = target + y * width * 3;
        for (const Tap& column : columns) {
            for (int64_t c = 0; c < 3; ++c) {
                float value = 0;
                for (size_t k = 0; k < column.weights.size(); ++k) {
                    const auto at =
                        static_cast<size_t>((column.first + static_cast<int64_t>(k)) * 3 + c);
                    value += column.weights[k] * line[at];
                }
                *out++ = static_cast<uint8_t>(std::clamp(value + 0.5f, 0.0f, 255.0f));
            }
        }
    });
    return result;
}

}  // namespace longtake
