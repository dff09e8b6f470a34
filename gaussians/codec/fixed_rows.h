#pragma once

#include "core/host_device.h"

#include <cstdint>

// What becomes of each Gaussian by itself in a stream, in plain memory; a build's devices share it.
namespace longtake::gaussians {

// latents matrix + shift, all [rows, L], [L, F], [F], wrapping around; L may be 0.
struct LatentProduct {
    const int32_t *latents, *matrix, *shift;
    int64_t width, features;  // L, F

    LONGTAKE_HOST_DEVICE uint32_t at(int64_t row, int64_t feature) const {
        auto sum = static_cast<uint32_t>(shift[feature]);
        for (int64_t l = 0; l < width; ++l) {
            sum += static_cast<uint32_t>(latents[row * width + l]) *
                   static_cast<uint32_t>(matrix[l * features + feature]);
        }
        return sum;
    }
    // Most rows of a frame say nothing, and are just the shift.
    LONGTAKE_HOST_DEVICE bool is_silent(int64_t row) const {
        int32_t any = 0;
        for (int64_t l = 0; l < width; ++l) {
            any |= latents[row * width + l];
        }
        return any == 0;
    }
};

// Floats of a column: multiples of a step.
struct FloatRows {
    static constexpr const char* kName = "fixed point to floats";

    const int32_t* in;
    float* out;
    float step;

    LONGTAKE_HOST_DEVICE void run(int64_t i) const { out[i] = static_cast<float>(in[i]) * step; }
};

// Floats of the harmonics.
struct RestFloatRows {
    static constexpr const char* kName = "latents to harmonics";

    LatentProduct product;
    float* out;  // [N, F]
    float step;

    LONGTAKE_HOST_DEVICE void run(int64_t i) const {
        for (int64_t f = 0; f < product.features; ++f) {
            const auto sum = static_cast<int32_t>(product.at(i, f));
            out[i * product.features + f] = static_cast<float>(sum) * step;
        }
    }
};

// The row before that a row after is made of; without `sources` they are the same.
LONGTAKE_HOST_DEVICE inline int64_t source_of(const int32_t* sources, int64_t row) {
    return sources != nullptr ? sources[row] : row;
}

// For each row after, the row before that it is made of: those that are not removed, in their
// order, then `made_of` of the others.
struct SourceRows {
    static constexpr const char* kName = "sources";

    const int32_t* removed;  // ascending
    int64_t removed_count, survivors;
    const int32_t* made_of;
    int32_t* sources;

    LONGTAKE_HOST_DEVICE void run(int64_t i) const {
        if (i >= survivors) {
            sources[i] = made_of[i - survivors];
            return;
        }
        int64_t low = 0, high = removed_count;  // how many removed rows come before it
        while (low < high) {
            const int64_t middle = (low + high) / 2;
            if (removed[middle] - middle <= i) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        sources[i] = static_cast<int32_t>(i + low);
    }
};

// Numbers as multiples.
struct MultiplyRows {
    static constexpr const char* kName = "multiples";

    int32_t* values;
    uint32_t by;

    LONGTAKE_HOST_DEVICE void run(int64_t i) const {
        values[i] = static_cast<int32_t>(static_cast<uint32_t>(values[i]) * by);
    }
};

// A column plus what its latents say, or plus other numbers.
struct AddRows {
    static constexpr const char* kName = "column plus numbers";

    const int32_t *before, *sources;  // [N, F], [M]
    const int32_t* added;             // [M, F]
    int64_t features;
    int32_t* after;  // [M, F]

    LONGTAKE_HOST_DEVICE void run(int64_t i) const {
        for (int64_t f = 0; f < features; ++f) {
            after[i * features + f] = static_cast<int32_t>(
                static_cast<uint32_t>(before[source_of(sources, i) * features + f]) +
                static_cast<uint32_t>(added[i * features + f]));
        }
    }
};
struct AddProductRows {
    static constexpr const char* kName = "column plus latents";

    const int32_t *before, *sources;
    LatentProduct product;
    int32_t* after;
    int64_t first_split;  // row from which on `shrink` is taken off
    int32_t shrink;

    LONGTAKE_HOST_DEVICE void run(int64_t i) const {
        const uint32_t off = i < first_split ? 0U : static_cast<uint32_t>(shrink);
        const bool silent = product.is_silent(i);
        for (int64_t f = 0; f < product.features; ++f) {
            after[i * product.features + f] = static_cast<int32_t>(
                static_cast<uint32_t>(before[source_of(sources, i) * product.features + f]) - off +
                (silent ? static_cast<uint32_t>(product.shift[f]) : product.at(i, f)));
        }
    }
};

}  // namespace longtake::gaussians
