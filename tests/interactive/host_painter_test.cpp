#include "interactive/volume/host_painter.h"
#include "render/renderer.h"
#include "tests/render/golden.h"
#include "tests/render/random_splats.h"
#include "tests/render/vulkan_test.h"

#include <algorithm>
#include <cstdlib>

namespace longtake::interactive {
namespace {

using render::Line;

constexpr int kWidth = 160, kHeight = 120;

// That differ by more than 16-bit floats round.
int64_t different_pixels(const Tensor& a, const Tensor& b) {
    const auto x = a.values<uint8_t>(), y = b.values<uint8_t>();
    int64_t different = 0;
    for (size_t i = 0; i < x.size(); i += 3) {
        bool differs = false;
        for (size_t c = i; c < i + 3; ++c) {
            differs = differs || std::abs(x[c] - y[c]) > 6;
        }
        different += differs ? 1 : 0;
    }
    return different;
}

// What the host paints against what the device draws.
class HostPainterTest : public render::VulkanTest {
  protected:
    Tensor drawn(const render::SplatView& view) {
        render::Renderer renderer(device(), render::Offscreen::kFormat);
        renderer.splats().force(render::SplatMethod::Quads);
        render::Offscreen target(device(), {kWidth, kHeight});
        render::Scene scene;
        scene.background = {0.1F, 0.2F, 0.3F};
        scene.splats = &view;
        scene.video = {0, 0, kWidth, kHeight};
        return renderer.draw(scene, target);
    }
    Tensor by_device(const render::SplatLook& look = {}) {
        return drawn({.splats = &frame_->splats,
                      .painter = {},
                      .camera = camera_,
                      .look = look,
                      .lines = lines_});
    }
    Tensor by_host(const render::SplatLook& look = {}) {
        const auto paint = [&]() -> const render::SplatPicture& {
            return painter_.paint(frame_, camera_, look, lines_, render::SplatView().near);
        };
        return drawn({.splats = &frame_->splats,
                      .painter = paint,
                      .camera = camera_,
                      .look = look,
                      .lines = {}});
    }
    void show(const render::Splats& splats) {
        auto frame = std::make_shared<VolumeFrame>();
        frame->splats = splats;
        frame_ = frame;
    }

    HostPainter painter_;
    std::shared_ptr<const VolumeFrame> frame_;
    Pinhole camera_ = render::camera_at(2.5, kWidth, kHeight);
    std::vector<Line> lines_;
};

// Along rows, along columns, aslant, of no length, through the camera, outside, one over another.
TEST_F(HostPainterTest, LinesCoverThePixelsThatTheDeviceCovers) {
    show(render::random_splats(0, 0));
    camera_.rotation = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    lines_ = {{{-5, 0.1F, 1}, 4, {5, 0.1F, 1}, 0xFF0000FF},
              {{0.3F, -9, 0}, 3, {0.3F, 9, 0}, 0xFF00FF00},
              {{-1, -0.7F, -1}, 2, {1.2F, 0.9F, 2}, 0xFFFF0000},
              {{0.2F, 0.3F, -30}, 2.5F, {-0.4F, 0.3F, 40}, 0xFF00FFFF},
              {{0.5F, 0.5F, 0}, 5, {0.5F, 0.5F, 0}, 0xFFFFFFFF},
              {{0, 0, -9}, 5, {3, 0, -8}, 0xFFFFFFFF},
              {{90, 3, 0}, 5, {80, 3, 0}, 0xFFFFFFFF}};
    const Tensor device = by_device(), host = by_host();
    lines_.clear();
    const int64_t covered = different_pixels(device, by_device());
    EXPECT_GT(covered, 1000);
    EXPECT_LE(different_pixels(device, host), covered / 100);  // on the edge, by rounding
}

TEST_F(HostPainterTest, LinesRunBetweenSplats) {
    show(render::random_splats(2000, 1));
    for (int i = -4; i <= 4; ++i) {
        const float at = 0.25F * static_cast<float>(i);
        lines_.push_back({{at, 0.1F, -1.5F}, 3, {at, 0.1F, 1.5F}, 0xFF20E0FF});
        lines_.push_back({{-1.5F, at, at}, 2, {1.5F, at, at}, 0xFFE020FF});
    }
    const Tensor device = by_device(), host = by_host();
    lines_.clear();
    const int64_t seen = different_pixels(device, by_device());
    EXPECT_GT(seen, 1000);
    EXPECT_LE(different_pixels(device, host), seen / 50);
}

TEST_F(HostPainterTest, LinesKeepTheirColoursWhereDepthIsShown) {
    show(render::random_splats(300, 0));
    lines_ = {{{-5, 0, -1.8F}, 5, {5, 0, -1.8F}, 0xFF0000FF}};  // before all of it
    render::SplatLook look;
    look.nearest = 0.5;
    look.farthest = 8;
    const Tensor picture = by_host(look);
    const uint8_t* middle = picture.data<uint8_t>();
    bool red = false;
    for (int y = 0; y < kHeight; ++y) {
        const uint8_t* at = middle + 3 * (y * kWidth + kWidth / 2);
        red |= at[0] == 255 && at[1] == 0 && at[2] == 0;
    }
    EXPECT_TRUE(red);
    EXPECT_GE(psnr(picture, by_device(look)), 30);
}

}  // namespace
}  // namespace longtake::interactive
