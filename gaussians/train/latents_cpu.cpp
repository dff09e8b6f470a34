#include "core/parallel.h"
#include "gaussians/train/latents.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace longtake::gaussians {
namespace {

float gate_of(const LatentRows& rows, int64_t i) {
    return rows.gates == nullptr ? 1.F : rows.gates[i];
}

// Rounded latents of row i.
std::array<float, kMostLatents> rounded(const LatentRows& rows, int64_t i) {
    std::array<float, kMostLatents> result{};
    for (int l = 0; l < rows.latents; ++l) {
        result[static_cast<std::size_t>(l)] =
            std::nearbyint(gate_of(rows, i) * rows.values[i * rows.latents + l]);
    }
    return result;
}

}  // namespace

void decode_latents_cpu(const LatentRows& rows, float* column) {
    parallel_for(rows.count, [&](int64_t i) {
        const auto latents = rounded(rows, i);
        float* to = column + i * rows.features;
        std::copy_n(rows.shift, rows.features, to);
        for (int l = 0; l < rows.latents; ++l) {
            for (int f = 0; f < rows.features; ++f) {
                to[f] += latents[static_cast<std::size_t>(l)] * rows.matrix[l * rows.features + f];
            }
        }
        for (int f = 0; f < rows.features && rows.before != nullptr; ++f) {
            to[f] += rows.before[i * rows.features + f];
        }
    });
}

void decode_latents_backward_cpu(const LatentRows& rows, const LatentGradient& g) {
    constexpr int64_t kPart = 1024;  // rows whose sums are added up by themselves
    const int64_t parts = (rows.count + kPart - 1) / kPart;
    const int64_t width = int64_t{rows.latents + 1} * rows.features;
    std::vector<double> sums(static_cast<std::size_t>(parts * width));
    parallel_for(parts, [&](int64_t part) {
        double* sum = sums.data() + part * width;
        for (int64_t i = part * kPart; i < std::min(rows.count, (part + 1) * kPart); ++i) {
            const auto latents = rounded(rows, i);
            const float* by = g.by_column + i * rows.features;
            float by_gate = 0;
            for (int l = 0; l < rows.latents; ++l) {
                float slope = 0;
                for (int f = 0; f < rows.features; ++f) {
                    sum[l * rows.features + f] +=
                        static_cast<double>(latents[static_cast<std::size_t>(l)] * by[f]);
                    slope += rows.matrix[l * rows.features + f] * by[f];
                }
                g.by_values[i * rows.latents + l] = gate_of(rows, i) * slope;
                by_gate += rows.values[i * rows.latents + l] * slope;
            }
            for (int f = 0; f < rows.features; ++f) {
                sum[rows.latents * rows.features + f] += static_cast<double>(by[f]);
            }
            if (rows.gates != nullptr) {
                g.by_gates[i] += by_gate;
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
