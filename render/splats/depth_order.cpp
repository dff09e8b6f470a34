#include "render/splats/depth_order.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace longtake::render {

uint32_t depth_key(float depth, float near) {
    constexpr uint32_t kLast = 0xFFFFFE;
    return std::min((std::bit_cast<uint32_t>(depth) - std::bit_cast<uint32_t>(near)) >> 4, kLast);
}

std::vector<uint32_t> depth_order(const Splats& splats, const Pinhole& camera, double nearest) {
    const auto means = splats.means.values<float>();
    const auto near = static_cast<float>(nearest);
    std::vector<std::pair<uint32_t, uint32_t>> keyed, other;
    for (size_t i = 0; i < means.size() / 3; ++i) {
        double depth = camera.translation[2];
        for (size_t k = 0; k < 3; ++k) {
            depth += camera.rotation[6 + k] * static_cast<double>(means[3 * i + k]);
        }
        if (static_cast<float>(depth) > near) {
            keyed.emplace_back(depth_key(static_cast<float>(depth), near),
                               static_cast<uint32_t>(i));
        }
    }
    other.resize(keyed.size());
    constexpr uint32_t kDigitBits = 12;
    for (uint32_t shift = 0; shift < kDepthBits; shift += kDigitBits) {
        std::vector<size_t> begin((size_t{1} << kDigitBits) + 1);
        const auto digit = [&](uint32_t key) {
            return key >> shift & ((uint32_t{1} << kDigitBits) - 1);
        };
        for (const auto& [key, i] : keyed) {
            ++begin[digit(key) + 1];
        }
        for (size_t d = 1; d < begin.size(); ++d) {
            begin[d] += begin[d - 1];
        }
        for (const auto& entry : keyed) {
            other[begin[digit(entry.first)]++] = entry;
        }
        std::swap(keyed, other);
    }
    std::vector<uint32_t> order(keyed.size());
    std::ranges::transform(keyed, order.begin(), [](const auto& entry) { return entry.second; });
    return order;
}

}  // namespace longtake::render
