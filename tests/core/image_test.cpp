#include "core/image.h"

#include "core/error.h"
#include "tests/core/temporary_folder.h"

#include <gtest/gtest.h>
#include <png.h>

#include <fstream>

namespace longtake {
namespace {

Tensor gradient(int64_t height, int64_t width) {
    Tensor image({height, width, 3}, DType::U8);
    for (int64_t i = 0; i < image.count(); ++i) {
        image.data<uint8_t>()[i] = static_cast<uint8_t>(i * 7 + i / 64);
    }
    return image;
}

bool same(const Tensor& a, const Tensor& b) {
    const auto x = a.values<uint8_t>(), y = b.values<uint8_t>();
    return a.shape() == b.shape() && std::equal(x.begin(), x.end(), y.begin());
}

// One pixel in a libpng format of its simplified interface.
template <typename T>
std::filesystem::path one_pixel(const TemporaryFolder& folder, uint32_t format,
                                std::initializer_list<T> values) {
    png_image png{};
    png.version = PNG_IMAGE_VERSION;
    png.width = png.height = 1;
    png.format = format;
    const auto path = folder / "pixel.png";
    EXPECT_NE(png_image_write_to_file(&png, path.c_str(), 0, values.begin(), 0, nullptr), 0);
    return path;
}

TEST(Png, RoundTripIsExact) {
    const TemporaryFolder folder;
    const Tensor image = gradient(17, 31);
    write_png(folder / "a.png", image);
    EXPECT_TRUE(same(read_png(folder / "a.png"), image));
    EXPECT_EQ(folder.size(), 1u);
}

TEST(Png, GreyAlphaAndSixteenBitsBecomeRgb) {
    const TemporaryFolder folder;
    const Tensor grey = read_png(one_pixel<uint8_t>(folder, PNG_FORMAT_GRAY, {77}));
    EXPECT_EQ(grey.shape(), Shape({1, 1, 3}));
    EXPECT_EQ(grey.data<uint8_t>()[2], 77);
    const Tensor clear = read_png(one_pixel<uint8_t>(folder, PNG_FORMAT_RGBA, {10, 20, 30, 0}));
    EXPECT_EQ(clear.data<uint8_t>()[0], 255);
    // Linear light of one half is 188 in sRGB, 186 by a plain gamma of 2.2.
    const Tensor deep =
        read_png(one_pixel<uint16_t>(folder, PNG_FORMAT_LINEAR_RGB, {0, 32768, 65535}));
    EXPECT_EQ(deep.data<uint8_t>()[0], 0);
    EXPECT_NEAR(deep.data<uint8_t>()[1], 187, 1);
    EXPECT_EQ(deep.data<uint8_t>()[2], 255);
}

TEST(Png, DamagedForeignOrHugeFilesAreRefused) {
    const TemporaryFolder folder;
    write_png(folder / "a.png", gradient(64, 64));
    std::filesystem::resize_file(folder / "a.png",
                                 std::filesystem::file_size(folder / "a.png") / 2);
    EXPECT_THROW(read_png(folder / "a.png"), InputError);
    std::ofstream(folder / "text.png") << "no image at all";
    EXPECT_THROW(read_png(folder / "text.png"), InputError);
    std::ofstream(folder / "empty.png").close();
    EXPECT_THROW(read_png(folder / "empty.png"), InputError);
    EXPECT_THROW(read_png(folder / "absent.png"), InputError);
    write_png(folder / "wide.png", Tensor::zeros({1, kMaxImageSide + 1, 3}, DType::U8));
    EXPECT_THROW(read_png(folder / "wide.png"), InputError);
}

TEST(Png, OnlyImagesAreWritten) {
    const TemporaryFolder folder;
    EXPECT_THROW(write_png(folder / "a.png", Tensor::zeros({4, 4, 3})), Error);
    EXPECT_THROW(write_png(folder / "a.png", Tensor::zeros({4, 4, 4}, DType::U8)), Error);
    EXPECT_THROW(write_png(folder / "no/such/a.png", gradient(2, 2)), InputError);
    EXPECT_EQ(folder.size(), 0u);
}

TEST(Resize, SameSizeIsIdentity) {
    const Tensor image = gradient(9, 13);
    EXPECT_TRUE(same(resize_and_crop(image, 9, 13), image));
}

TEST(Resize, CutsTheMiddleOut) {
    Tensor image = Tensor::zeros({2, 6, 3}, DType::U8);
    for (int64_t x = 2; x < 4; ++x) {
        for (int64_t y = 0; y < 2; ++y) {
            image.data<uint8_t>()[(y * 6 + x) * 3] = 200;
        }
    }
    const Tensor middle = resize_and_crop(image, 2, 2);
    for (int64_t i = 0; i < 4; ++i) {
        EXPECT_EQ(middle.data<uint8_t>()[i * 3], 200);
        EXPECT_EQ(middle.data<uint8_t>()[i * 3 + 1], 0);
    }
}

TEST(Resize, ShrinkingAveragesInsteadOfSkipping) {
    Tensor stripes = Tensor::zeros({64, 64, 3}, DType::U8);
    for (int64_t i = 0; i < 64 * 64; i += 2) {
        stripes.data<uint8_t>()[i * 3] = 255;
    }
    const Tensor small = resize_and_crop(stripes, 4, 4);
    for (int64_t i = 0; i < 16; ++i) {
        EXPECT_NEAR(small.data<uint8_t>()[i * 3], 128, 4);
    }
}

TEST(Resize, EnlargingInterpolates) {
    Tensor pair = Tensor::zeros({1, 2, 3}, DType::U8);
    pair.data<uint8_t>()[3] = 100;
    const Tensor wide = resize_and_crop(pair, 4, 8);
    uint8_t previous = 0;
    for (int64_t x = 0; x < 8; ++x) {
        const uint8_t value = wide.data<uint8_t>()[x * 3];
        EXPECT_GE(value, previous);
        previous = value;
    }
    EXPECT_EQ(wide.data<uint8_t>()[0], 0);
    EXPECT_EQ(previous, 100);
    EXPECT_NEAR(wide.data<uint8_t>()[3 * 3], 38, 1);
}

}  // namespace
}  // namespace longtake
