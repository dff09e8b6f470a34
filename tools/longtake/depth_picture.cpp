#include "tools/longtake/depth_picture.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace longtake::cli {
namespace {

template <typename Brightness> Tensor grey(const Tensor& like, Brightness&& brightness) {
    Tensor image({like.extent(0), like.extent(1), 3}, DType::U8);
    uint8_t* to = image.data<uint8_t>();
    for (size_t i = 0; i < like.values<float>().size(); ++i) {
        const float v = std::clamp(brightness(i), 0.F, 1.F);
        std::fill_n(to + 3 * i, 3, static_cast<uint8_t>(std::lround(v * 255.F)));
    }
    return image;
}

}  // namespace

Tensor alpha_image(const Tensor& alpha) {
    return grey(alpha, [&](size_t i) { return alpha.values<float>()[i]; });
}

Tensor depth_image(const gaussians::Picture& picture, float nearest) {
    return grey(picture.depth, [&](size_t i) {
        const float alpha = picture.alpha.values<float>()[i];
        const float sum = picture.depth.values<float>()[i];  // depth times alpha
        return sum > 0 ? nearest * alpha * alpha / sum : 0.F;
    });
}

float nearest_depth(const gaussians::Picture& picture) {
    std::vector<float> depths;
    for (size_t i = 0; i < picture.alpha.values<float>().size(); ++i) {
        const float alpha = picture.alpha.values<float>()[i];
        if (alpha > 0.5F) {
            depths.push_back(picture.depth.values<float>()[i] / alpha);
        }
    }
    if (depths.empty()) {
        return 1;
    }
    const auto at = depths.begin() + std::ssize(depths) / 50;
    std::ranges::nth_element(depths, at);
    return *at;
}

}  // namespace longtake::cli
