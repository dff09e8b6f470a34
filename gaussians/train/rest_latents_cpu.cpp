#include "core/parallel.h"
#include "gaussians/train/rest_latents.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace longtake::gaussians {
namespace {

// Rounded latents of row i.
std::array<float, kMostLatents> rounded(const RestRows& rows, int64_t i) {
    std::array<float, kMostLatents> result{};
    for (int l = 0; l < rows.latents; ++l) {
        result[static_cast<std::size_t>(l)] = std::nearbyint(rows.values[i * rows.latents + l]);
    }
    return result;
}

}  // namespace

void decode_rest_cpu(const RestRows& rows, float* sh_rest) {
    parallel_for(rows.count, [&](int64_t i) {
        const auto latents = rounded(rows, i);
        float* to = sh_rest + i * rows.features;
        std::copy_n(rows.shift, rows.features, to);
        for (int l = 0; l < rows.latents; ++l) {
            for (int f = 0; f < rows.features; ++f) {
                to[f] += latents[static_cast<std::size_t>(l)] * rows.matrix[l * rows.features + f];
            }
        }
    });
}

void decode_rest_backward_cpu(const RestRows& rows, const RestGradient& g) {
    constexpr int64_t kPart = 1024;  // rows whose sums are added up by themselves
    const int64_t parts = (rows.count + kPart - 1) / kPart;
    const int64_t width = int64_t{rows.latents + 1} * rows.features;
    std::vector<double> sums(static_cast<std::size_t>(parts * width));
    parallel_for(parts, [&](int64_t part) {
        double* sum = sums.data() + part * width;
        for (int64_t i = part * kPart; i < std::min(rows.count, (part + 1) * kPart); ++i) {
            const auto latents = rounded(rows, i);
            const float* by = g.by_rest + i * rows.features;
            for (int l = 0; l <= rows.latents; ++l) {
                const float latent = l < rows.latents ? latents[static_cast<std::size_t>(l)] : 1.F;
                float slope = 0;
                for (int f = 0; f < rows.features; ++f) {
                    sum[l * rows.features + f] += static_cast<double>(latent * by[f]);
                    slope += l < rows.latents ? rows.matrix[l * rows.features + f] * by[f] : 0;
                }
                if (l < rows.latents) {
                    g.by_values[i * rows.latents + l] = slope;
                }
            }
        }
    });
    for (int64_t k = 0; k < width; ++k) {
        double sum = 0;
        for (int64_t part = 0; part < parts; ++part) {
            sum += sums[static_cast<std::size_t>(part * width + k)];
        }
        const int64_t matrix = int64_t{rows.latents} * rows.features;
        (k < matrix ? g.by_matrix[k] : g.by_shift[k - matrix]) = static_cast<float>(sum);
    }
}

}  // namespace longtake::gaussians
