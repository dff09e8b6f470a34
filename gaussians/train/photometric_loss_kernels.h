#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

// The kernels of the photometric loss. All pointers are the device's, planes [3, H, W]. A call queues work on the
// stream; none allocates memory or waits.
namespace longtake::gaussians::cuda {

struct Planes {
    int height, width;
};

// How many blocks of threads compare two pictures.
int64_t comparing_blocks(const Planes& planes);

// Mean and variance under SSIM's window.
void describe(const Planes& planes, const float* image, float* mean, float* variance,
              cudaStream_t stream);

struct Comparison {
    const float *picture, *truth, *mean, *variance;  // the latter two of the truth
    float by_ssim;                                   // gradient of the loss by a pixel's SSIM
    float *by_mean, *by_square, *by_product;         // out: by K x, K x^2 and K x y
    float* sums;  // out: [blocks, 3] magnitudes and squares of differences, SSIM
};
void compare(const Planes& planes, const Comparison& comparison, cudaStream_t stream);

struct Slope {
    const float *picture, *truth, *by_mean, *by_square, *by_product;
    float by_l1;        // gradient of the loss by a difference's magnitude
    float* by_picture;  // out
};
void slope(const Planes& planes, const Slope& slope, cudaStream_t stream);

}  // namespace longtake::gaussians::cuda
