#include "core/cuda.h"
#include "gaussians/train/photometric_loss_kernels.h"
#include "gaussians/train/window.h"

namespace longtake::gaussians::cuda {
namespace {

// A block of threads has a square of pixels of one channel, a thread four of a column.
constexpr int kSide = 32, kThreads = 256, kPerThread = kSide * kSide / kThreads;
constexpr int kReach = static_cast<int>(kTapsReach), kWide = kSide + 2 * kReach;
constexpr unsigned kWarp = 0xFFFFFFFFU;

__device__ float tap(int i) {
    constexpr float kWeights[kTaps]{
        static_cast<float>(kTapWeights[0]), static_cast<float>(kTapWeights[1]),
        static_cast<float>(kTapWeights[2]), static_cast<float>(kTapWeights[3]),
        static_cast<float>(kTapWeights[4]), static_cast<float>(kTapWeights[5]),
        static_cast<float>(kTapWeights[4]), static_cast<float>(kTapWeights[3]),
        static_cast<float>(kTapWeights[2]), static_cast<float>(kTapWeights[1]),
        static_cast<float>(kTapWeights[0])};
    return kWeights[i];
}

dim3 blocks_of(const Planes& planes) {
    return {static_cast<unsigned>((planes.width + kSide - 1) / kSide),
            static_cast<unsigned>((planes.height + kSide - 1) / kSide), 3};
}

// The pixels of a thread: rows y to y + kPerThread - 1 of column x, of channel blockIdx.z.
struct Place {
    int x, y;
    size_t plane;  // first value of the channel

    __device__ explicit Place(const Planes& planes)
        : x(static_cast<int>(blockIdx.x) * kSide + static_cast<int>(threadIdx.x) % kSide),
          y(static_cast<int>(blockIdx.y) * kSide +
            static_cast<int>(threadIdx.x) / kSide * kPerThread),
          plane(static_cast<size_t>(blockIdx.z) * planes.height * planes.width) {}
    __device__ bool inside(const Planes& planes, int k) const {
        return x < planes.width && y + k < planes.height;
    }
    __device__ size_t at(const Planes& planes, int k) const {
        return plane + static_cast<size_t>(y + k) * planes.width + x;
    }
};

struct Three {
    float a = 0, b = 0, c = 0;

    __device__ void add(float weight, float more_a, float more_b, float more_c) {
        a += weight * more_a;
        b += weight * more_b;
        c += weight * more_c;
    }
};

// Three planes under SSIM's window: along the rows, then down the columns.
struct Window {
    float values[3][kWide][kWide];
    float rows[3][kWide][kSide];

    // `load` gives the three values at a pixel of the picture; around it they are 0.
    template <typename Load>
    __device__ void run(const Planes& planes, const Load& load, Three (&out)[kPerThread]) {
        const int left = static_cast<int>(blockIdx.x) * kSide - kReach;
        const int top = static_cast<int>(blockIdx.y) * kSide - kReach;
        const size_t plane = static_cast<size_t>(blockIdx.z) * planes.height * planes.width;
        for (int i = threadIdx.x; i < kWide * kWide; i += kThreads) {
            const int row = i / kWide, column = i % kWide, x = left + column, y = top + row;
            Three v;
            if (x >= 0 && x < planes.width && y >= 0 && y < planes.height) {
                v = load(plane + static_cast<size_t>(y) * planes.width + x);
            }
            values[0][row][column] = v.a;
            values[1][row][column] = v.b;
            values[2][row][column] = v.c;
        }
        __syncthreads();
        for (int i = threadIdx.x; i < kWide * kSide; i += kThreads) {
            const int row = i / kSide, column = i % kSide;
            Three sum;
#pragma unroll
            for (int k = 0; k < kTaps; ++k) {
                sum.add(tap(k), values[0][row][column + k], values[1][row][column + k],
                        values[2][row][column + k]);
            }
            rows[0][row][column] = sum.a;
            rows[1][row][column] = sum.b;
            rows[2][row][column] = sum.c;
        }
        __syncthreads();
        const int column = threadIdx.x % kSide, first = threadIdx.x / kSide * kPerThread;
#pragma unroll
        for (int p = 0; p < kPerThread; ++p) {
            out[p] = {};
#pragma unroll
            for (int k = 0; k < kTaps; ++k) {
                out[p].add(tap(k), rows[0][first + p + k][column], rows[1][first + p + k][column],
                           rows[2][first + p + k][column]);
            }
        }
    }
};

__global__ void __launch_bounds__(kThreads)
    describe_kernel(const Planes planes, const float* image, float* mean, float* variance) {
    __shared__ Window window;
    Three sums[kPerThread];
    window.run(
        planes,
        [&](size_t at) {
            return Three{image[at], image[at] * image[at], 0.F};
        },
        sums);
    const Place place(planes);
    for (int k = 0; k < kPerThread; ++k) {
        if (place.inside(planes, k)) {
            mean[place.at(planes, k)] = sums[k].a;
            variance[place.at(planes, k)] = sums[k].b - sums[k].a * sums[k].a;
        }
    }
}

// Adds up over a block of threads; thread 0 has the sum.
__device__ Three sum_of_block(Three v) {
    __shared__ Three warps[kThreads / 32];
    for (int step = 16; step > 0; step /= 2) {
        v.a += __shfl_down_sync(kWarp, v.a, step);
        v.b += __shfl_down_sync(kWarp, v.b, step);
        v.c += __shfl_down_sync(kWarp, v.c, step);
    }
    if (threadIdx.x % 32 == 0) {
        warps[threadIdx.x / 32] = v;
    }
    __syncthreads();
    Three sum;
    if (threadIdx.x == 0) {
        for (const Three& warp : warps) {
            sum.add(1, warp.a, warp.b, warp.c);
        }
    }
    return sum;
}

__global__ void __launch_bounds__(kThreads)
    compare_kernel(const Planes planes, const Comparison c) {
    constexpr float kC1 = 1e-4F, kC2 = 9e-4F;
    __shared__ Window window;
    Three windows[kPerThread];
    window.run(
        planes,
        [&](size_t at) {
            const float x = c.picture[at];
            return Three{x, x * x, x * c.truth[at]};
        },
        windows);
    const Place place(planes);
    Three errors;
    for (int k = 0; k < kPerThread; ++k) {
        if (!place.inside(planes, k)) {
            continue;
        }
        const size_t at = place.at(planes, k);
        const float m = windows[k].a, n = c.mean[at];
        const float a = 2 * m * n + kC1, b = 2 * (windows[k].c - m * n) + kC2;
        const float p = m * m + n * n + kC1;
        const float r = windows[k].b - m * m + c.variance[at] + kC2;
        const float over_p = 1 / p, over_r = 1 / r, over = over_p * over_r;
        const float similarity = a * b * over;
        c.by_square[at] = c.by_ssim * -similarity * over_r;
        c.by_product[at] = c.by_ssim * 2 * a * over;
        c.by_mean[at] =
            c.by_ssim * (2 * n * (b - a) * over + 2 * m * similarity * (over_r - over_p));
        const float difference = c.picture[at] - c.truth[at];
        errors.add(1, fabsf(difference), difference * difference, similarity);
    }
    const Three sum = sum_of_block(errors);
    if (threadIdx.x == 0) {
        const size_t block =
            (static_cast<size_t>(blockIdx.z) * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
        c.sums[3 * block] = sum.a;
        c.sums[3 * block + 1] = sum.b;
        c.sums[3 * block + 2] = sum.c;
    }
}

__global__ void __launch_bounds__(kThreads) slope_kernel(const Planes planes, const Slope s) {
    __shared__ Window window;
    Three windows[kPerThread];
    window.run(
        planes,
        [&](size_t at) {
            return Three{s.by_mean[at], s.by_square[at], s.by_product[at]};
        },
        windows);
    const Place place(planes);
    for (int k = 0; k < kPerThread; ++k) {
        if (place.inside(planes, k)) {
            const size_t at = place.at(planes, k);
            const float x = s.picture[at], y = s.truth[at];
            const float sign = x > y ? s.by_l1 : x < y ? -s.by_l1 : 0.F;
            s.by_picture[at] = sign + windows[k].a + 2 * x * windows[k].b + y * windows[k].c;
        }
    }
}

}  // namespace

int64_t comparing_blocks(const Planes& planes) {
    const dim3 blocks = blocks_of(planes);
    return int64_t{blocks.x} * blocks.y * blocks.z;
}

void describe(const Planes& planes, const float* image, float* mean, float* variance,
              cudaStream_t stream) {
    describe_kernel<<<blocks_of(planes), kThreads, 0, stream>>>(planes, image, mean, variance);
    cuda_check_launch("describe_kernel");
}

void compare(const Planes& planes, const Comparison& comparison, cudaStream_t stream) {
    compare_kernel<<<blocks_of(planes), kThreads, 0, stream>>>(planes, comparison);
    cuda_check_launch("compare_kernel");
}

void slope(const Planes& planes, const Slope& slope, cudaStream_t stream) {
    slope_kernel<<<blocks_of(planes), kThreads, 0, stream>>>(planes, slope);
    cuda_check_launch("slope_kernel");
}

}  // namespace longtake::gaussians::cuda
