#include "diffusion/ops/conv2d_target.cuh"

namespace longtake::diffusion {
namespace {

constexpr int kSide = 64;   // pixels and channels of y in a block
constexpr int kDepth = 16;  // channels of x at a time
constexpr int kEach = 4;    // squared: results per thread
constexpr int kThreads = kSide * kSide / (kEach * kEach);
constexpr int kPitch = kSide + 4;

struct Pixel {
    int t, v, u;
    bool inside;
};

__device__ Pixel pixel_of(const ConvTarget& target, int64_t index) {
    const int64_t per_frame = int64_t{target.height} * target.width;
    const auto within = static_cast<int>(index % per_frame);
    return {static_cast<int>(index / per_frame), within / target.width, within % target.width,
            index < per_frame * target.frames};
}

// A matrix product tap after tap: rows are pixels, columns channels of y.
template <typename In, typename Out>
__global__ void __launch_bounds__(kThreads)
    convolve_kernel(const In* x, const In* weight, ConvSource source, ConvTarget target) {
    __shared__ float pixels[kDepth][kPitch], channels[kDepth][kPitch];
    const int64_t first_pixel = int64_t{blockIdx.x} * kSide;
    const auto first_channel = static_cast<int>(blockIdx.y) * kSide;
    const auto thread = static_cast<int>(threadIdx.x);
    const int my_row = thread / kEach, my_depth = thread % kEach * kEach;  // what this one copies
    const Pixel mine = pixel_of(target, first_pixel + my_row);
    const int my_channel = first_channel + my_row;
    const int taps = source.time_taps * source.row_taps * source.column_taps;
    float sums[kEach][kEach] = {};
    for (int tap = 0; tap < taps; ++tap) {
        const int column = tap % source.column_taps;
        const int row = tap / source.column_taps % source.row_taps;
        const int v = mine.v * source.stride + row - source.top;
        const int u = mine.u * source.stride + column - source.left;
        const bool there = mine.inside && v >= 0 && v < source.height && u >= 0 && u < source.width;
        const int frame = source.frame(mine.t, tap / (source.column_taps * source.row_taps));
        const In* from =
            x + ((int64_t{frame} * source.height + v) * source.width + u) * source.channels;
        for (int c = 0; c < source.channels; c += kDepth) {
            for (int i = 0; i < kEach; ++i) {
                const int k = my_depth + i;
                const bool has = c + k < source.channels;
                pixels[k][my_row] = there && has ? to_float(from[c + k]) : 0.F;
                channels[k][my_row] =
                    my_channel < target.channels && has
                        ? to_float(
                              weight[(int64_t{my_channel} * taps + tap) * source.channels + c + k])
                        : 0.F;
            }
            __syncthreads();
            for (int k = 0; k < kDepth; ++k) {
                for (int i = 0; i < kEach; ++i) {
                    for (int j = 0; j < kEach; ++j) {
                        sums[i][j] += pixels[k][thread / kDepth * kEach + i] *
                                      channels[k][thread % kDepth * kEach + j];
                    }
                }
            }
            __syncthreads();
        }
    }
    for (int i = 0; i < kEach; ++i) {
        const Pixel p = pixel_of(target, first_pixel + thread / kDepth * kEach + i);
        for (int j = 0; j < kEach; ++j) {
            const int n = first_channel + thread % kDepth * kEach + j;
            if (p.inside && n < target.channels) {
                finish<In, Out>(target, p.t, p.v, p.u, n, sums[i][j]);
            }
        }
    }
}

}  // namespace

void conv2d_cuda_plain(const ConvProblem& problem, const ConvArguments& arguments) {
    const ConvTarget target = target_of(problem, arguments);
    const int64_t pixels = int64_t{target.frames} * target.height * target.width;
    if (pixels == 0) {
        return;
    }
    const dim3 grid(static_cast<unsigned>((pixels + kSide - 1) / kSide),
                    static_cast<unsigned>((target.channels + kSide - 1) / kSide));
    with_type(problem.compute, [&](auto in) {
        with_type(arguments.y.dtype(), [&](auto out) {
            using In = decltype(in);
            convolve_kernel<In, decltype(out)><<<grid, kThreads, 0, arguments.stream>>>(
                static_cast<const In*>(arguments.ring.raw()),
                static_cast<const In*>(problem.weight.raw()), source_of(problem, arguments),
                target);
        });
    });
    cuda_check_launch("conv2d");
}

}  // namespace longtake::diffusion
