#pragma once

#include "gaussians/scene/cloud.h"

#include <cstdint>
#include <type_traits>

// The harmonics of 32 Gaussians, between their rows in the device's memory and a warp's own part of
// shared memory, so that neighbouring threads touch neighbouring numbers.
namespace longtake::gaussians::cuda {

template <int kDegree> struct ShRows {
    static constexpr int kWidth = static_cast<int>(3 * sh_rest_count(kDegree));
    static constexpr int kStride = kWidth | 1;  // odd: a column lies in 32 different banks
    static constexpr int kFloats = 32 * kStride;

    // `first` is the row of lane 0; a bit of `rows` for each row that is wanted.
    __device__ static void load(const float* column, int64_t first, unsigned rows, float* to) {
        const float* from = column + first * kWidth;
        for (int i = threadIdx.x % 32; i < 32 * kWidth; i += 32) {
            const int row = i / kWidth;
            if (rows >> row & 1U) {
                to[row * kStride + i % kWidth] = from[i];
            }
        }
        __syncwarp();
    }
    // Rows 0 to count - 1 of the column; zeros where there is no bit.
    __device__ static void store(const float* from, unsigned rows, int count, int64_t first,
                                 float* column) {
        __syncwarp();
        float* to = column + first * kWidth;
        for (int i = threadIdx.x % 32; i < count * kWidth; i += 32) {
            const int row = i / kWidth;
            to[i] = (rows >> row & 1U) != 0 ? from[row * kStride + i % kWidth] : 0.F;
        }
    }
};

// Calls body with std::integral_constant<int, degree>, so that loops over harmonics unroll.
template <int kMost, typename Body> __device__ void with_degree(int degree, const Body& body) {
    if constexpr (kMost > 0) {
        if (degree < kMost) {
            with_degree<kMost - 1>(degree, body);
            return;
        }
    }
    body(std::integral_constant<int, kMost>{});
}

}  // namespace longtake::gaussians::cuda
