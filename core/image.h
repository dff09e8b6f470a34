#pragma once

#include "core/tensor.h"

#include <filesystem>

namespace longtake {

// An image is a Tensor [H, W, 3] of 8-bit sRGB.

constexpr int64_t kMaxImageSide = 16384;  // pixels
constexpr int64_t kMaxImagePixels = int64_t{1} << 26;

// Any PNG: grey, palette and 16-bit are converted, transparent parts are laid on white.
// Throws InputError when the file is not a sound PNG of a bounded size.
Tensor read_png(const std::filesystem::path& path);

// An image in any format that FFmpeg knows, such as JPEG; a PNG as above.
Tensor read_image(const std::filesystem::path& path);

// The file appears whole or not at all.
void write_png(const std::filesystem::path& path, const Tensor& image);

// Scales `image` until it just covers height x width and cuts the middle out. Enlarging is
// bilinear; shrinking averages over the area that each pixel covers.
Tensor resize_and_crop(const Tensor& image, int64_t height, int64_t width);

}  // namespace longtake
