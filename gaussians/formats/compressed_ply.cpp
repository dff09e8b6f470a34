#include "gaussians/formats/compressed_ply.h"

#include "core/error.h"
#include "gaussians/formats/packed_values.h"

#include <algorithm>
#include <array>
#include <numbers>
#include <string>
#include <vector>

namespace longtake::gaussians {
namespace {

constexpr uint64_t kChunk = 256;

// `bits` of a word from `shift` on, as 0..1.
float part(uint32_t word, unsigned shift, unsigned bits) {
    const uint32_t mask = (1U << bits) - 1;
    return static_cast<float>((word >> shift) & mask) / static_cast<float>(mask);
}

std::array<float, 3> parts_11_10_11(uint32_t word) {
    return {part(word, 21, 11), part(word, 11, 10), part(word, 0, 11)};
}

// The ranges of three values, chunk by chunk.
class Ranges {
  public:
    Ranges(const PlyElement& chunks, const std::array<const char*, 3>& names) {
        for (const char* name : names) {
            low_.push_back(chunks.column("min_" + std::string(name)));
            high_.push_back(chunks.column("max_" + std::string(name)));
        }
    }
    void expand(int64_t row, const std::array<float, 3>& share, float* to) const {
        const int64_t chunk = row / static_cast<int64_t>(kChunk);
        for (size_t i = 0; i < 3; ++i) {
            const auto low = static_cast<float>(low_[i].number(chunk));
            const auto high = static_cast<float>(high_[i].number(chunk));
            to[i] = low * (1.F - share[i]) + high * share[i];
        }
    }

  private:
    std::vector<PlyColumn> low_, high_;
};

int degree_of(const PlyFile& file, uint64_t count) {
    if (!file.has("sh")) {
        return 0;
    }
    const PlyElement& sh = file.element("sh");
    check_input(sh.count == count, "it has spherical harmonics for {} of {} Gaussians", sh.count,
                count);
    for (int degree = 1; degree <= kMaxShDegree; ++degree) {
        if (std::ssize(sh.properties) == 3 * sh_rest_count(degree)) {
            return degree;
        }
    }
    fail_input("it has {} spherical harmonics; 9, 24 or 45 belong to a degree up to {}",
               sh.properties.size(), kMaxShDegree);
}

void read_sh(const PlyElement& sh, Tensor& rest) {
    const int64_t coefficients = rest.extent(1);
    for (int64_t k = 0; k < coefficients; ++k) {
        for (int64_t channel = 0; channel < 3; ++channel) {
            const PlyColumn column =
                sh.column("f_rest_" + std::to_string(channel * coefficients + k));
            float* to = rest.data<float>() + 3 * k + channel;
            for (int64_t row = 0; row < rest.extent(0); ++row, to += 3 * coefficients) {
                const auto byte = static_cast<float>(column.number(row));
                const float share = byte == 0 ? 0.F : byte == 255 ? 1.F : (byte + 0.5F) / 256.F;
                *to = (share - 0.5F) * 8.F;
            }
        }
    }
}

}  // namespace

bool is_compressed_ply(const PlyFile& file) {
    return file.has("vertex") && file.element("vertex").has("packed_position");
}

Cloud read_compressed_ply(const PlyFile& file) {
    const PlyElement &chunks = file.element("chunk"), &vertices = file.element("vertex");
    check_input(chunks.count >= vertices.count / kChunk + (vertices.count % kChunk > 0 ? 1 : 0),
                "it has {} chunks, too few for {} Gaussians", chunks.count, vertices.count);
    const auto packed = [&](const char* what) {
        return vertices.column(std::string("packed_") + what);
    };
    const PlyColumn positions = packed("position"), rotations = packed("rotation"),
                    scales = packed("scale"), colours = packed("color");
    const Ranges position_ranges(chunks, {"x", "y", "z"});
    const Ranges scale_ranges(chunks, {"scale_x", "scale_y", "scale_z"});
    std::vector<Ranges> colour_ranges;  // one, or none in files of older writers
    if (chunks.has("min_r")) {
        colour_ranges.emplace_back(chunks, std::array{"r", "g", "b"});
    }
    const auto count = static_cast<int64_t>(vertices.count);
    Cloud cloud = Cloud::sized(count, degree_of(file, vertices.count));
    const auto word = [](const PlyColumn& column, int64_t row) {
        return static_cast<uint32_t>(static_cast<int64_t>(column.number(row)));
    };
    for (int64_t i = 0; i < count; ++i) {
        position_ranges.expand(i, parts_11_10_11(word(positions, i)),
                               cloud.means.data<float>() + 3 * i);
        scale_ranges.expand(i, parts_11_10_11(word(scales, i)),
                            cloud.log_scales.data<float>() + 3 * i);
        const uint32_t turn = word(rotations, i), colour = word(colours, i);
        SmallestThree q{turn >> 30, {}};
        for (unsigned k = 0; k < 3; ++k) {
            q.others[k] = (part(turn, 20 - 10 * k, 10) - 0.5F) * std::numbers::sqrt2_v<float>;
        }
        std::ranges::copy(from_smallest_three(q), cloud.rotations.data<float>() + 4 * i);
        std::array<float, 3> rgb{part(colour, 24, 8), part(colour, 16, 8), part(colour, 8, 8)};
        if (!colour_ranges.empty()) {
            colour_ranges[0].expand(i, std::array(rgb), rgb.data());
        }
        for (size_t k = 0; k < 3; ++k) {
            cloud.sh_dc.data<float>()[3 * i + static_cast<int64_t>(k)] = (rgb[k] - 0.5F) / kShC0;
        }
        cloud.opacities.data<float>()[i] = logit_of(static_cast<uint8_t>(colour));
    }
    if (cloud.sh_degree() > 0) {
        read_sh(file.element("sh"), cloud.sh_rest);
    }
    return cloud;
}

}  // namespace longtake::gaussians
