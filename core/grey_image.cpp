#include "core/grey_image.h"

#include "core/error.h"
#include "core/file.h"
#include "core/image.h"

#include <png.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <string>

namespace longtake {
namespace {

// libpng's own reading of a PNG; its complaints are thrown.
class PngReader {
  public:
    explicit PngReader(std::span<const std::byte> bytes)
        : left_(bytes),
          png_(png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, complain, ignore)),
          info_(png_create_info_struct(png_)) {
        png_set_read_fn(png_, this, [](png_structp png, png_bytep to, size_t count) {
            auto& reader = *static_cast<PngReader*>(png_get_io_ptr(png));
            if (count > reader.left_.size()) {
                png_error(png, "it ends too early");
            }
            std::memcpy(to, reader.left_.data(), count);
            reader.left_ = reader.left_.subspan(count);
        });
    }
    ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
    PngReader(const PngReader&) = delete;
    PngReader& operator=(const PngReader&) = delete;

    GreyImage read() {
        png_read_info(png_, info_);
        const int64_t width = png_get_image_width(png_, info_);
        const int64_t height = png_get_image_height(png_, info_);
        const int bits = png_get_bit_depth(png_, info_);
        check_input(png_get_color_type(png_, info_) == PNG_COLOR_TYPE_GRAY &&
                        (bits == 8 || bits == 16) &&
                        png_get_interlace_type(png_, info_) == PNG_INTERLACE_NONE,
                    "it is not grey with 8 or 16 bits");
        check_input(
            height <= kMaxImageSide && width <= kMaxImageSide && height * width <= kMaxImagePixels,
            "it is too large: {}x{} pixels", width, height);
        if (bits == 16 && std::endian::native == std::endian::little) {
            png_set_swap(png_);
        }
        GreyImage image{.width = width, .height = height, .values = {}};
        image.values.resize(static_cast<size_t>(width * height));
        std::vector<uint8_t> bytes(static_cast<size_t>(width));
        for (int64_t y = 0; y < height; ++y) {
            uint16_t* row = image.values.data() + y * width;
            if (bits == 16) {
                png_read_row(png_, reinterpret_cast<png_bytep>(row), nullptr);
            } else {
                png_read_row(png_, bytes.data(), nullptr);
                std::ranges::copy(bytes, row);
            }
        }
        return image;
    }

  private:
    [[noreturn]] static void complain(png_structp, png_const_charp what) { fail_input("{}", what); }
    static void ignore(png_structp, png_const_charp) {}

    std::span<const std::byte> left_;
    png_structp png_;
    png_infop info_;
};

}  // namespace

GreyImage read_grey(const std::filesystem::path& path) {
    const auto file = MappedFile::open(path);
    try {
        return PngReader(file->bytes()).read();
    } catch (const InputError& e) {
        fail_input("{} is not a sound grey PNG image: {}", path.string(), e.what());
    }
}

}  // namespace longtake
