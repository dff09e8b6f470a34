#include "core/cuda.h"
#include "render/frame_pixels_cuda.h"

namespace longtake::render {
namespace {

constexpr int kThreads = 256;

__global__ void widen_kernel(const uint8_t* frame, int64_t pixels, uchar4* wide) {
    const int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
    if (i < pixels) {
        wide[i] = make_uchar4(frame[3 * i], frame[3 * i + 1], frame[3 * i + 2], 255);
    }
}

}  // namespace

void widen_pixels(const uint8_t* frame, int64_t pixels, uint8_t* wide, cudaStream_t stream) {
    const auto blocks = static_cast<unsigned>((pixels + kThreads - 1) / kThreads);
    widen_kernel<<<blocks, kThreads, 0, stream>>>(frame, pixels, reinterpret_cast<uchar4*>(wide));
    cuda_check_launch("widen_pixels");
}

}  // namespace longtake::render
