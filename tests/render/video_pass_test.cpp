#include "render/renderer.h"
#include "tests/render/golden.h"
#include "tests/render/vulkan_test.h"

#include <algorithm>
#include <cmath>

namespace longtake::render {
namespace {

class VideoPassTest : public VulkanTest {
  protected:
    Tensor drawn(const Tensor& frame, VkExtent2D extent, Scaling scaling = Scaling::Smooth) {
        Renderer renderer(device(), Offscreen::kFormat);
        Offscreen target(device(), extent);
        Scene scene;
        scene.background = {0.2F, 0.4F, 0.6F};
        const VideoFrame given(frame);
        scene.frame = &given;
        scene.scaling = scaling;
        scene.video = letterbox(
            {0, 0, static_cast<int32_t>(extent.width), static_cast<int32_t>(extent.height)},
            frame.extent(1), frame.extent(0));
        return renderer.draw(scene, target);
    }
};

uint8_t& at(Tensor& picture, int64_t y, int64_t x, int64_t c) {
    return picture.data<uint8_t>()[(y * picture.extent(1) + x) * 3 + c];
}
uint8_t at(const Tensor& picture, int64_t y, int64_t x, int64_t c) {
    return picture.data<uint8_t>()[(y * picture.extent(1) + x) * 3 + c];
}

// Every value of every colour.
Tensor all_values() {
    Tensor frame({48, 64, 3}, DType::U8);
    for (int64_t i = 0; i < frame.count() / 3; ++i) {
        for (int64_t c = 0; c < 3; ++c) {
            frame.data<uint8_t>()[3 * i + c] = static_cast<uint8_t>((i + 85 * c) % 256);
        }
    }
    return frame;
}

// Discs, bars and a ramp: edges of all kinds.
Tensor test_card() {
    Tensor frame({36, 64, 3}, DType::U8);
    for (int64_t y = 0; y < 36; ++y) {
        for (int64_t x = 0; x < 64; ++x) {
            const double r = std::hypot(static_cast<double>(x) - 20, static_cast<double>(y) - 18);
            const bool disc = r < 11;
            at(frame, y, x, 0) = disc ? 230 : static_cast<uint8_t>(4 * x);
            at(frame, y, x, 1) = disc ? 60 : x > 40 && (x / 2) % 2 == 0 ? 250 : 40;
            at(frame, y, x, 2) = disc ? 40 : static_cast<uint8_t>(7 * y);
        }
    }
    return frame;
}

TEST_F(VideoPassTest, OwnSizeIsExact) {
    const Tensor frame = all_values();
    for (const Scaling scaling : {Scaling::Smooth, Scaling::Pixels}) {
        const Tensor picture = drawn(frame, {64, 48}, scaling);
        EXPECT_TRUE(std::ranges::equal(picture.values<uint8_t>(), frame.values<uint8_t>()));
    }
}

TEST_F(VideoPassTest, PixelsAreSharpRectangles) {
    const Tensor frame = test_card();
    const Tensor picture = drawn(frame, {64 * 5, 36 * 5}, Scaling::Pixels);
    for (int64_t y = 0; y < 180; ++y) {
        for (int64_t x = 0; x < 320; ++x) {
            for (int64_t c = 0; c < 3; ++c) {
                ASSERT_EQ(at(picture, y, x, c), at(frame, y / 5, x / 5, c)) << x << " " << y;
            }
        }
    }
}

TEST_F(VideoPassTest, BarsShowTheBackground) {
    const Tensor picture = drawn(test_card(), {100, 36});
    for (const int64_t x : {0, 17, 82, 99}) {
        EXPECT_EQ(at(picture, 5, x, 0), 51);
        EXPECT_EQ(at(picture, 5, x, 1), 102);
        EXPECT_EQ(at(picture, 5, x, 2), 153);
    }
    EXPECT_EQ(at(picture, 5, 18, 0), at(test_card(), 5, 0, 0));
    EXPECT_EQ(at(picture, 5, 81, 0), at(test_card(), 5, 63, 0));
}

// Half black, half white is half of the light: 188 in sRGB, not 128.
TEST_F(VideoPassTest, ShrinkingAveragesLight) {
    Tensor frame({64, 64, 3}, DType::U8);
    for (int64_t i = 0; i < frame.count(); ++i) {
        frame.data<uint8_t>()[i] = (i / 3) % 2 == 0 ? 0 : 255;
    }
    const Tensor picture = drawn(frame, {16, 16});
    for (const uint8_t value : picture.values<uint8_t>()) {
        EXPECT_NEAR(value, 188, 1);
    }
}

TEST_F(VideoPassTest, FlatStaysFlatAtAnySize) {
    Tensor frame({9, 16, 3}, DType::U8);
    for (int64_t i = 0; i < frame.count(); ++i) {
        frame.data<uint8_t>()[i] = static_cast<uint8_t>(40 + 80 * (i % 3));
    }
    for (const uint32_t width : {7U, 16U, 61U, 333U}) {
        const Tensor picture = drawn(frame, {width, width * 9 / 16});
        const Rect inside = letterbox(
            {0, 0, static_cast<int32_t>(width), static_cast<int32_t>(width * 9 / 16)}, 16, 9);
        const int64_t y = inside.y + inside.height / 2;
        for (int64_t x = inside.x; x < inside.x + inside.width; ++x) {
            for (int64_t c = 0; c < 3; ++c) {
                EXPECT_NEAR(at(picture, y, x, c), 40 + 80 * c, 1);
            }
        }
    }
}

TEST_F(VideoPassTest, FramesMayChangeTheirSize) {
    Renderer renderer(device(), Offscreen::kFormat);
    for (const int64_t side : {8, 64, 16}) {
        Tensor frame({side, side, 3}, DType::U8);
        std::ranges::fill(frame.values<uint8_t>(), static_cast<uint8_t>(side));
        Offscreen target(device(), {32, 32});
        Scene scene;
        const VideoFrame given(frame);
        scene.frame = &given;
        scene.video = {0, 0, 32, 32};
        const Tensor picture = renderer.draw(scene, target);
        EXPECT_EQ(at(picture, 16, 16, 0), side);
        scene.frame = nullptr;  // the same again
        EXPECT_EQ(at(renderer.draw(scene, target), 16, 16, 1), side);
    }
}

TEST_F(VideoPassTest, AnyOfTheFramesThatCameTogether) {
    Renderer renderer(device(), Offscreen::kFormat);
    Offscreen target(device(), {8, 8});
    Tensor frames({5, 8, 8, 3}, DType::U8);
    for (int64_t i = 0; i < frames.count(); ++i) {
        frames.data<uint8_t>()[i] = static_cast<uint8_t>(i);
    }
    for (const int64_t index : {0, 1, 4, 2}) {
        Scene scene;
        const VideoFrame given(frames, index);
        scene.frame = &given;
        scene.video = {0, 0, 8, 8};
        EXPECT_TRUE(std::ranges::equal(renderer.draw(scene, target).values<uint8_t>(),
                                       given.picture().values<uint8_t>()));
    }
}

TEST_F(VideoPassTest, LooksAsItDid) {
    expect_golden(drawn(test_card(), {160, 100}), "video_smooth", device().name(), 45);
    expect_golden(drawn(test_card(), {300, 200}, Scaling::Pixels), "video_pixels", device().name(),
                  45);
    expect_golden(drawn(test_card(), {41, 30}), "video_shrunk", device().name(), 45);
}

}  // namespace
}  // namespace longtake::render
