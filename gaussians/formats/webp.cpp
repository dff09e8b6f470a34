#include "gaussians/formats/webp.h"

#include "core/error.h"

#include <webp/decode.h>

namespace longtake::gaussians {

Tensor read_webp(std::span<const std::byte> bytes) {
    const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
    WebPBitstreamFeatures features{};
    check_input(::WebPGetFeatures(data, bytes.size(), &features) == VP8_STATUS_OK &&
                    features.has_animation == 0,
                "not a WebP image");
    Tensor image({features.height, features.width, 4}, DType::U8);
    check_input(::WebPDecodeRGBAInto(data, bytes.size(), image.data<uint8_t>(), image.bytes(),
                                     4 * features.width) != nullptr,
                "a damaged WebP image");
    return image;
}

}  // namespace longtake::gaussians
