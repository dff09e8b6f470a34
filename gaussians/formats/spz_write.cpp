#include "core/error.h"
#include "core/file.h"
#include "core/compression.h"
#include "gaussians/formats/packed_values.h"
#include "gaussians/formats/spz.h"
#include "gaussians/formats/spz_layout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

namespace longtake::gaussians {
namespace {

using Section = std::vector<std::byte>;

void put(Section& to, uint64_t number, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) {
        to.push_back(static_cast<std::byte>(number >> (8 * i)));
    }
}

void put_byte(Section& to, float value) {
    put(to, static_cast<uint64_t>(std::clamp(std::round(value), 0.F, 255.F)), 1);
}

// So many that the farthest position fits into 24 bits with its sign.
int fraction_bits(const Tensor& means) {
    float farthest = 0;
    for (const float v : means.values<float>()) {
        farthest = std::max(farthest, std::abs(v));
    }
    int bits = kSpzFractionBits;
    while (bits > 0 && std::ldexp(farthest, bits) > 0x7fffff) {
        --bits;
    }
    check_input(std::ldexp(farthest, bits) <= 0x7fffff,
                "SPZ cannot hold Gaussians as far away as {:.3g}; write a .ply", farthest);
    return bits;
}

void put_rotation(Section& to, const float* wxyz) {
    std::array<float, 4> q{};
    for (size_t k = 0; k < 4; ++k) {
        q[kSpzQuaternion[k]] = wxyz[k] * (k == 0 ? 1.F : kHalfTurn[k - 1]);
    }
    const SmallestThree packed = smallest_three(q);
    auto word = static_cast<uint32_t>(packed.largest);
    for (const float other : packed.others) {
        const float size = std::min(511.F, std::abs(other) * 511.F * std::numbers::sqrt2_v<float>);
        word = word << 10 | (other < 0 ? 512U : 0U) | static_cast<uint32_t>(std::lround(size));
    }
    put(to, word, 4);
}

// A byte in steps of 1/128, rounded to 5 bits for degree 1 and 4 bits beyond; 0 is exact.
void put_sh(Section& to, float value, bool first_degree) {
    const int bucket = first_degree ? 8 : 16;
    const float level = std::clamp(std::round(value * 128.F), -128.F, 127.F) + 128.F;
    const int rounded = (static_cast<int>(level) + bucket / 2) / bucket * bucket;
    put_byte(to, static_cast<float>(rounded));
}

// In the order of the file; empty ones are left out of it.
std::array<Section, 6> sections_of(const Cloud& cloud, int bits) {
    std::array<Section, 6> sections;
    auto& [positions, alphas, colours, scales, rotations, sh] = sections;
    size_t axis = 0;
    for (const float v : cloud.means.values<float>()) {
        const auto fixed = std::lround(std::ldexp(kHalfTurn[axis] * v, bits));
        put(positions, static_cast<uint64_t>(fixed), 3);
        axis = (axis + 1) % 3;
    }
    for (const float logit : cloud.opacities.values<float>()) {
        put_byte(alphas, 255.F / (1.F + std::exp(-logit)));
    }
    for (const float dc : cloud.sh_dc.values<float>()) {
        put_byte(colours, 255.F * (dc * kSpzColourScale + 0.5F));
    }
    for (const float scale : cloud.log_scales.values<float>()) {
        put_byte(scales, 16.F * (scale + 10.F));
    }
    for (int64_t i = 0; i < cloud.count(); ++i) {
        put_rotation(rotations, cloud.rotations.data<float>() + 4 * i);
    }
    const auto per_gaussian = static_cast<size_t>(3 * cloud.sh_rest.extent(1));
    size_t part = 0;
    for (const float v : cloud.sh_rest.values<float>()) {
        put_sh(sh, kHalfTurnSh[part / 3] * v, part < 9);
        part = (part + 1) % per_gaussian;
    }
    return sections;
}

}  // namespace

void write_spz(const std::filesystem::path& path, const Cloud& cloud) {
    check_input(cloud.count() <= std::numeric_limits<int32_t>::max(),
                "SPZ cannot hold {} Gaussians; write a .ply", cloud.count());
    const int bits = fraction_bits(cloud.means);
    Section table, streams;
    for (const Section& section : sections_of(cloud, bits)) {
        if (!section.empty()) {
            const auto packed = zstd(section);
            put(table, packed.size(), 8);
            put(table, section.size(), 8);
            streams.insert(streams.end(), packed.begin(), packed.end());
        }
    }
    Section header;
    put(header, kSpzMagic, 4);
    put(header, kSpzVersion, 4);
    put(header, static_cast<uint64_t>(cloud.count()), 4);
    put(header, static_cast<uint64_t>(cloud.sh_degree()), 1);
    put(header, static_cast<uint64_t>(bits), 1);
    put(header, 0, 1);  // flags
    put(header, table.size() / 16, 1);
    put(header, kSpzHeaderBytes, 4);
    header.resize(kSpzHeaderBytes);
    AtomicFile file(path);
    file.write(header);
    file.write(table);
    file.write(streams);
    file.commit();
}

}  // namespace longtake::gaussians
