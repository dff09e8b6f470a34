#include "core/cuda.h"
#include "gaussians/raster/to_image.h"

namespace longtake::gaussians {
namespace {

constexpr int kThreads = 256;

__global__ void __launch_bounds__(kThreads)
    to_image_kernel(const float* colour, int64_t pixels, uint8_t* image) {
    const int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x;
    for (int c = 0; c < 3 && i < pixels; ++c) {
        const float v = fminf(fmaxf(colour[c * pixels + i], 0.F), 1.F);
        image[3 * i + c] = static_cast<uint8_t>(v * 255.F + 0.5F);
    }
}

}  // namespace

void to_image_cuda(const Tensor& colour, Tensor& image) {
    const int64_t pixels = image.count() / 3;
    const auto blocks = static_cast<unsigned>((pixels + kThreads - 1) / kThreads);
    to_image_kernel<<<blocks, kThreads>>>(colour.data<float>(), pixels, image.data<uint8_t>());
    cuda_check_launch("to_image_kernel");
    cuda_check(cudaStreamSynchronize(nullptr), "making an image");
}

}  // namespace longtake::gaussians
