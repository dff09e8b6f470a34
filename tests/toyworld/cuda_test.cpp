#include <gtest/gtest.h>

#include "tools/toyworld/toyworld.h"

#if defined(LTW_CUDA)
#include <cuda_runtime.h>

#include <cmath>
#include <vector>
#endif

namespace {

TEST(Cuda, AgreesWithTheCpu) {
#if defined(LTW_CUDA)
    if (ltw_cuda_devices() == 0) {
        GTEST_SKIP() << "no CUDA device";
    }
    constexpr int kClips = 6, kWidth = 128, kHeight = 72, kFrames = 84;
    const uint64_t seeds[kClips] = {0, 3, 8, 19, 23, 36};
    const size_t pixels = static_cast<size_t>(kClips) * kFrames * kWidth * kHeight;
    std::vector<uint8_t> rgb(3 * pixels), mask(pixels), cpu_rgb(3 * pixels), cpu_mask(pixels);
    void *device_rgb = nullptr, *device_mask = nullptr;
    ASSERT_EQ(cudaMalloc(&device_rgb, rgb.size()), cudaSuccess);
    ASSERT_EQ(cudaMalloc(&device_mask, mask.size()), cudaSuccess);
    ASSERT_EQ(ltw_render_cuda(seeds, kClips, kWidth, kHeight, kFrames, 16, 4,
                              static_cast<uint8_t*>(device_rgb),
                              static_cast<uint8_t*>(device_mask), nullptr, nullptr),
              0);
    EXPECT_EQ(cudaMemcpy(rgb.data(), device_rgb, rgb.size(), cudaMemcpyDeviceToHost), cudaSuccess);
    EXPECT_EQ(cudaMemcpy(mask.data(), device_mask, mask.size(), cudaMemcpyDeviceToHost),
              cudaSuccess);
    cudaFree(device_rgb);
    cudaFree(device_mask);
    ASSERT_EQ(ltw_render_cpu(seeds, kClips, kWidth, kHeight, kFrames, 16, 4, cpu_rgb.data(),
                             cpu_mask.data(), nullptr),
              0);
    size_t far = 0, other = 0;
    for (size_t i = 0; i < rgb.size(); ++i) {
        far += std::abs(rgb[i] - cpu_rgb[i]) > 3;
    }
    for (size_t i = 0; i < mask.size(); ++i) {
        other += mask[i] != cpu_mask[i];
    }
    EXPECT_LT(static_cast<double>(far), 0.002 * static_cast<double>(rgb.size()));
    EXPECT_LT(static_cast<double>(other), 0.001 * static_cast<double>(mask.size()));
#else
    GTEST_SKIP() << "built without CUDA";
#endif
}

}  // namespace
