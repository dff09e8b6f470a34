#include "generator/noise.h"

#include "core/parallel.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace longtake::generator {
namespace {

constexpr uint32_t low(uint64_t x) {
    return static_cast<uint32_t>(x);
}
constexpr uint32_t high(uint64_t x) {
    return static_cast<uint32_t>(x >> 32);
}

// Two normal numbers from two uniform ones (Box-Muller).
void normal_pair(uint32_t a, uint32_t b, float out[2]) {
    constexpr double kUnit = 1.0 / 4294967296.0;
    const double radius = std::sqrt(-2.0 * std::log((a + 1.0) * kUnit));
    const double angle = 2.0 * std::numbers::pi * b * kUnit;
    out[0] = static_cast<float>(radius * std::cos(angle));
    out[1] = static_cast<float>(radius * std::sin(angle));
}

}  // namespace

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> c, std::array<uint32_t, 2> k) {
    for (int round = 0; round < 10; ++round) {
        const uint64_t p = uint64_t{0xD2511F53} * c[0];
        const uint64_t q = uint64_t{0xCD9E8D57} * c[2];
        c = {high(q) ^ c[1] ^ k[0], low(q), high(p) ^ c[3] ^ k[1], low(p)};
        k = {k[0] + 0x9E3779B9u, k[1] + 0xBB67AE85u};
    }
    return c;
}

void fill_gaussian(const NoiseKey& key, std::span<float> values) {
    const int64_t blocks = (static_cast<int64_t>(values.size()) + 3) / 4;
    parallel_for(blocks, [&](int64_t block) {
        const auto bits =
            philox({low(static_cast<uint64_t>(block)), key.step, low(key.chunk), high(key.chunk)},
                   {low(key.seed), high(key.seed)});
        float four[4];
        normal_pair(bits[0], bits[1], four);
        normal_pair(bits[2], bits[3], four + 2);
        const size_t first = static_cast<size_t>(block) * 4;
        std::copy_n(four, std::min<size_t>(4, values.size() - first), values.begin() + first);
    });
}

}  // namespace longtake::generator
