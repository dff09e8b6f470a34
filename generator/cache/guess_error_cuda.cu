#include "diffusion/ops/elements.cuh"
#include "generator/cache/guess_error.h"

namespace longtake::generator {
namespace {

constexpr int kThreads = 128;

// Block (r, f): region r of frame f, [channels, height, width] with its first row and column where
// the regions before end; `copies` scores get its error.
__global__ void guess_kernel(const float* guess, const float* clean, int channels, int rows,
                             int columns, int height, int width, int copies, float bonus,
                             float* scores) {
    __shared__ float parts[kThreads];
    const int across = columns / width, region = blockIdx.x;
    const int y0 = region / across * height, x0 = region % across * width;
    const int64_t frame = int64_t{blockIdx.y} * channels * rows * columns;
    const int count = channels * height * width;
    float sum = 0;
    for (int i = threadIdx.x; i < count; i += kThreads) {
        const int c = i / (height * width), y = i / width % height, x = i % width;
        const int64_t at = frame + (int64_t{c} * rows + y0 + y) * columns + x0 + x;
        const float d = guess[at] - clean[at];
        sum += d * d;
    }
    parts[threadIdx.x] = sum;
    for (int step = kThreads / 2; step > 0; step /= 2) {
        __syncthreads();
        if (threadIdx.x < step) {
            parts[threadIdx.x] += parts[threadIdx.x + step];
        }
    }
    __syncthreads();
    const float score = logf(fmaxf(parts[0] / static_cast<float>(count), 1e-12F)) + bonus;
    float* mine = scores + (int64_t{blockIdx.y} * gridDim.x + region) * copies;
    for (int i = threadIdx.x; i < copies; i += kThreads) {
        mine[i] = score;
    }
}

}  // namespace

void score_guess_cuda(const Tensor& guess, const Tensor& clean, const GuessError& how,
                      Tensor& scores, GpuStream stream) {
    const auto rows = static_cast<int>(guess.extent(2)),
               columns = static_cast<int>(guess.extent(3));
    const auto tokens = static_cast<int>(how.tokens);
    const int height = how.whole_frames ? rows : static_cast<int>(how.height);
    const int width = how.whole_frames ? columns : static_cast<int>(how.width);
    const dim3 grid(how.whole_frames ? 1U : static_cast<unsigned>(tokens),
                    static_cast<unsigned>(guess.extent(0)));
    guess_kernel<<<grid, kThreads, 0, stream>>>(
        guess.data<float>(), clean.data<float>(), static_cast<int>(guess.extent(1)), rows, columns,
        height, width, how.whole_frames ? tokens : 1, how.bonus, scores.data<float>());
    cuda_check_launch("score_guess");
}

}  // namespace longtake::generator
