#include "render/renderer.h"
#include "tests/render/vulkan_test.h"

#include <algorithm>

// Frames that CUDA's GPU hands to Vulkan against the same through the host.
namespace longtake::render {
namespace {

class CudaUploadTest : public VulkanTest {
  protected:
    void SetUp() override {
        VulkanTest::SetUp();
        if (IsSkipped()) {
            return;
        }
        if (const std::string problem = cuda_upload_problem(device()); !problem.empty()) {
            GTEST_SKIP() << problem;
        }
    }

    Tensor drawn(Renderer& renderer, Offscreen& target, const Tensor& frame, VkExtent2D extent) {
        return drawn(renderer, target, VideoFrame(frame), extent);
    }
    Tensor drawn(Renderer& renderer, Offscreen& target, const VideoFrame& frame,
                 VkExtent2D extent) {
        Scene scene;
        scene.frame = &frame;
        scene.video = {0, 0, static_cast<int32_t>(extent.width),
                       static_cast<int32_t>(extent.height)};
        return renderer.draw(scene, target);
    }
};

// Another one for every number.
Tensor noise_frame(int64_t height, int64_t width, uint32_t number) {
    Tensor frame({height, width, 3}, DType::U8);
    uint32_t state = 2654435761U * (number + 1);
    for (uint8_t& value : frame.values<uint8_t>()) {
        state = 1664525U * state + 1013904223U;
        value = static_cast<uint8_t>(state >> 24);
    }
    return frame;
}

void expect_same(const Tensor& a, const Tensor& b, uint32_t number) {
    EXPECT_TRUE(std::ranges::equal(a.values<uint8_t>(), b.values<uint8_t>())) << "frame " << number;
}

TEST_F(CudaUploadTest, DrawsTheBytesThatTheHostWouldBring) {
    const VkExtent2D extent{832, 480};
    Renderer through_host(device(), Offscreen::kFormat), direct(device(), Offscreen::kFormat);
    Offscreen target(device(), extent);
    for (uint32_t number = 0; number < 24; ++number) {
        const Tensor frame = noise_frame(480, 832, number);
        const Tensor on_gpu = frame.to(longtake::Device::Cuda);
        const Tensor expected = drawn(through_host, target, frame, extent);
        expect_same(expected, frame, number);
        expect_same(drawn(direct, target, on_gpu, extent), expected, number);
    }
}

TEST_F(CudaUploadTest, ScaledAndOfChangingSize) {
    const VkExtent2D extent{500, 300};
    Renderer through_host(device(), Offscreen::kFormat), direct(device(), Offscreen::kFormat);
    Offscreen target(device(), extent);
    uint32_t number = 0;
    for (const int64_t width : {64, 639, 255, 1001}) {
        for (int repeat = 0; repeat < 3; ++repeat, ++number) {
            const Tensor frame = noise_frame(width / 2 + 1, width, number);
            expect_same(drawn(direct, target, frame.to(longtake::Device::Cuda), extent),
                        drawn(through_host, target, frame, extent), number);
        }
    }
}

// Frames that take long enough to be widened for a picture that does not wait to show the one
// before.
TEST_F(CudaUploadTest, PicturesWaitForTheirFrame) {
    const VkExtent2D extent{3840, 2160};
    Renderer direct(device(), Offscreen::kFormat);
    Offscreen target(device(), extent);
    for (uint32_t number = 0; number < 12; ++number) {
        const Tensor frame = noise_frame(2160, 3840, number);
        expect_same(drawn(direct, target, frame.to(longtake::Device::Cuda), extent), frame, number);
    }
}

TEST_F(CudaUploadTest, FramesOfBothMemoriesMayAlternate) {
    const VkExtent2D extent{320, 200};
    Renderer renderer(device(), Offscreen::kFormat);
    Offscreen target(device(), extent);
    for (uint32_t number = 0; number < 12; ++number) {
        const Tensor frame = noise_frame(200, 320, number);
        const Tensor given = number % 3 == 0 ? frame : frame.to(longtake::Device::Cuda);
        expect_same(drawn(renderer, target, given, extent), frame, number);
    }
}

// Chunk after chunk, each in memory that one before it had; frames again, and left out.
TEST_F(CudaUploadTest, FramesOfChunksFollowEachOther) {
    const VkExtent2D extent{33, 17};
    Renderer renderer(device(), Offscreen::kFormat);
    Offscreen target(device(), extent);
    for (uint32_t number = 0; number < 8; ++number) {
        const int64_t count = number < 5 ? 5 : 12;
        const Tensor chunk = noise_frame(17 * count, 33, number).reshape({count, 17, 33, 3});
        const Tensor on_gpu = chunk.to(longtake::Device::Cuda);
        for (const int64_t i : {0, 1, 1, 3, 2, 4}) {
            expect_same(drawn(renderer, target, VideoFrame(on_gpu, i), extent),
                        VideoFrame(chunk, i).picture(), number);
        }
    }
}

}  // namespace
}  // namespace longtake::render
