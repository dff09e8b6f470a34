#include "gaussians/raster/render.h"
#include "gaussians/raster/to_image.h"
#include "render/renderer.h"
#include "render/splats/depth_order.h"
#include "tests/render/golden.h"
#include "tests/render/random_splats.h"
#include "tests/render/vulkan_test.h"

#include <algorithm>

namespace longtake::render {
namespace {

constexpr int kWidth = 96, kHeight = 72;
constexpr Rect kAll{0, 0, kWidth, kHeight};

gaussians::Cloud cloud_of(const Splats& s) {
    return {s.means, s.log_scales, s.rotations, s.opacities, s.sh_dc, s.sh_rest};
}

class SplatPassTest : public VulkanTest, public ::testing::WithParamInterface<SplatMethod> {
  protected:
    void SetUp() override {
        VulkanTest::SetUp();
        if (!IsSkipped()) {
            renderer_ = std::make_unique<Renderer>(device(), Offscreen::kFormat);
            renderer_->splats().force(GetParam());
            renderer_->splats().force(SplatOrder::Device);
            target_ = std::make_unique<Offscreen>(device(), VkExtent2D{kWidth, kHeight});
        }
    }
    void TearDown() override {
        target_.reset();
        renderer_.reset();
        VulkanTest::TearDown();
    }

    Tensor drawn(const Splats& splats, const Pinhole& camera, const SplatLook& look = {},
                 std::span<const Line> lines = {}) {
        const SplatView view{
            .splats = &splats, .painter = {}, .camera = camera, .look = look, .lines = lines};
        Scene scene;
        scene.background = {0.1F, 0.2F, 0.3F};
        scene.splats = &view;
        scene.video = kAll;
        return renderer_->draw(scene, *target_);
    }

    std::unique_ptr<Renderer> renderer_;
    std::unique_ptr<Offscreen> target_;
};

// What the rasterizer that trains draws.
Tensor reference(const Splats& s, const Pinhole& c, int sh_degree = 3) {
    gaussians::RenderOptions options;
    options.background = {0.1F, 0.2F, 0.3F};
    options.near = SplatView().near;
    options.sh_degree = sh_degree;
    return gaussians::to_image(gaussians::render(cloud_of(s), c, options).colour);
}

// Measured on lavapipe: 52.2 to 53.1 dB; both round to 8 bits.
TEST_P(SplatPassTest, EveryPassIsOnTheClock) {
    PassClock clock(device());
    renderer_->watch(&clock);
    drawn(random_splats(50, 1, 0.05F), camera_at(2.5, kWidth, kHeight));
    std::vector<std::string> names;
    for (const auto& [name, milliseconds] : clock.read()) {
        names.push_back(name);
        EXPECT_GE(milliseconds, 0);
        EXPECT_LT(milliseconds, 60'000);
    }
    const std::vector<std::string> quads{"project", "sort by depth", "raster", "composite"},
        tiles{"project", "sort by depth", "count tiles", "list tiles", "sort by tile",
              "ranges",  "blend",         "copy",        "composite"};
    EXPECT_EQ(names, GetParam() == SplatMethod::Tiles ? tiles : quads);
}

TEST_P(SplatPassTest, DrawsWhatTheRasterizerDraws) {
    for (int degree = 0; degree <= 3; ++degree) {
        const Splats splats = random_splats(3000, degree);
        for (const double distance : {0.5, 2.5, 8.0}) {  // amid them, before them, far
            const Pinhole camera = camera_at(distance, kWidth, kHeight);
            EXPECT_GE(psnr(drawn(splats, camera), reference(splats, camera)), 45)
                << "degree " << degree << " from " << distance;
        }
    }
}

TEST_P(SplatPassTest, HarmonicsCanBeLeftOut) {
    const Splats splats = random_splats(2000, 3);
    const Pinhole camera = camera_at(2.5, kWidth, kHeight);
    for (int degree = 0; degree < 3; ++degree) {
        SplatLook look;
        look.sh_degree = degree;
        EXPECT_GE(psnr(drawn(splats, camera, look), reference(splats, camera, degree)), 45);
    }
}

TEST_P(SplatPassTest, TheHostSortsTheSame) {
    const Splats splats = random_splats(5000, 1);
    const Pinhole camera = camera_at(1.0, kWidth, kHeight);
    const Tensor device = drawn(splats, camera);
    renderer_->splats().force(SplatOrder::Host);
    EXPECT_GE(psnr(device, drawn(splats, camera)), 60);
}

TEST_P(SplatPassTest, TheSamePictureAgain) {
    const Splats splats = random_splats(5000, 1);
    const Pinhole camera = camera_at(1.0, kWidth, kHeight);
    EXPECT_EQ(psnr(drawn(splats, camera), drawn(splats, camera)), 99);
}

// Rows change, come and go.
TEST_P(SplatPassTest, FollowsWhatChanges) {
    const Pinhole camera = camera_at(2.5, kWidth, kHeight);
    Splats splats = random_splats(3000, 1);
    drawn(splats, camera);
    splats.means = splats.means.clone();
    for (int64_t i = 3 * 1200; i < 3 * 1300; ++i) {
        splats.means.data<float>()[i] *= 1.7F;
    }
    EXPECT_GE(psnr(drawn(splats, camera), reference(splats, camera)), 45);
    for (const int64_t count : {5000, 40, 4000}) {
        splats = random_splats(count, count == 40 ? 3 : 1, 0.05F, 7);
        EXPECT_GE(psnr(drawn(splats, camera), reference(splats, camera)), 45) << count;
    }
}

TEST_P(SplatPassTest, APartOfTheTargetHasTheBackgroundAround) {
    const Splats splats = random_splats(2000, 1);
    const SplatView view{.splats = &splats,
                         .painter = {},
                         .camera = camera_at(2.5, 64, 48),
                         .look = {},
                         .lines = {}};
    Scene scene;
    scene.background = {0.1F, 0.2F, 0.3F};
    scene.splats = &view;
    scene.video = {0, 0, 64, 48};
    Offscreen small(device(), {64, 48});
    const Tensor alone = renderer_->draw(scene, small);
    scene.video = {20, 11, 64, 48};
    const Tensor picture = renderer_->draw(scene, *target_);
    for (int64_t y = 0; y < kHeight; ++y) {
        for (int64_t x = 0; x < kWidth; ++x) {
            const uint8_t* at = picture.data<uint8_t>() + 3 * (y * kWidth + x);
            if (x >= 20 && x < 84 && y >= 11 && y < 59) {
                const uint8_t* there = alone.data<uint8_t>() + 3 * ((y - 11) * 64 + x - 20);
                ASSERT_TRUE(std::equal(at, at + 3, there)) << x << " " << y;
            } else {
                ASSERT_NEAR(at[0], 25.5, 1) << x << " " << y;
                ASSERT_NEAR(at[2], 76.5, 1);
            }
        }
    }
}

TEST_P(SplatPassTest, NothingIsTheBackground) {
    const Tensor empty = drawn(random_splats(0, 0), camera_at(2, kWidth, kHeight));
    EXPECT_NEAR(empty.data<uint8_t>()[0], 25.5, 1);
    EXPECT_NEAR(empty.data<uint8_t>()[2], 76.5, 1);
    // Behind the camera is nothing, either.
    EXPECT_EQ(psnr(empty, drawn(random_splats(100, 0), camera_at(-9, kWidth, kHeight))), 99);
}

// One opaque ball, a line before it and one behind it.
TEST_P(SplatPassTest, LinesHideAndAreHidden) {
    Splats ball = random_splats(1, 0);
    for (int i = 0; i < 3; ++i) {
        ball.means.data<float>()[i] = 0;
        ball.log_scales.data<float>()[i] = std::log(0.3F);
        ball.sh_dc.data<float>()[i] = 1.5F;
    }
    ball.opacities.data<float>()[0] = 9;
    Pinhole camera = camera_at(2, kWidth, kHeight);
    camera.rotation = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    const std::vector<Line> lines{{{-5, 0, -0.5F}, 5, {5, 0, -0.5F}, 0xFF0000FF},
                                  {{-5, 0.1F, 0.5F}, 5, {5, 0.1F, 0.5F}, 0xFF00FF00},
                                  {{0, 0.2F, -50}, 3, {0, 0.2F, 50}, 0xFFFF0000}};
    const Tensor picture = drawn(ball, camera, {}, lines);
    const auto at = [&](int64_t x, int64_t y, int64_t c) {
        return picture.data<uint8_t>()[(y * kWidth + x) * 3 + c];
    };
    const auto behind = static_cast<int64_t>(kHeight / 2 + camera.fy * 0.1 / 2.5);
    EXPECT_EQ(at(kWidth / 2 - 12, kHeight / 2, 0), 255);  // in front of the ball's middle
    EXPECT_EQ(at(kWidth / 2 - 12, kHeight / 2, 1), 0);
    EXPECT_GT(at(kWidth / 2 - 3, behind, 0), 180);  // the ball, no green line
    EXPECT_EQ(at(3, behind, 1), 255);               // beside the ball
    EXPECT_EQ(at(3, behind, 0), 0);
    EXPECT_EQ(at(kWidth / 2, kHeight - 4, 2), 255);  // reaches behind the camera
}

// The same painted elsewhere.
TEST_P(SplatPassTest, APaintedPictureIsLaidOverTheBackground) {
    const Splats splats = random_splats(2000, 1);
    const Pinhole camera = camera_at(2.5, kWidth, kHeight);
    gaussians::RenderOptions options;
    options.near = SplatView().near;
    const auto there = gaussians::render(cloud_of(splats), camera, options);
    const SplatPicture painted{there.colour, there.alpha};
    SplatView view;
    view.painter = [&]() -> const SplatPicture& { return painted; };
    view.camera = camera;
    Scene scene;
    scene.background = {0.1F, 0.2F, 0.3F};
    scene.splats = &view;
    scene.video = kAll;
    EXPECT_GE(psnr(renderer_->draw(scene, *target_), reference(splats, camera)), 45);
}

TEST_P(SplatPassTest, MarksColourAndHide) {
    Splats splats = random_splats(2000, 0);
    const Pinhole camera = camera_at(2.5, kWidth, kHeight);
    splats.marks = Tensor({2000}, DType::U8);
    for (int64_t i = 0; i < 2000; ++i) {
        splats.marks.data<uint8_t>()[i] = i < 1000 ? 3 : 0;
    }
    SplatLook look;
    look.marks[0].hidden = true;
    Splats half = random_splats(2000, 0);
    for (Tensor* column : {&half.means, &half.log_scales, &half.rotations, &half.opacities,
                           &half.sh_dc, &half.sh_rest}) {
        *column = column->slice(0, 1000);
    }
    EXPECT_GE(psnr(drawn(splats, camera, look), reference(half, camera)), 45);
    look.marks[3] = {{0, 0, 1}, 1, false};
    const Tensor blue = drawn(splats, camera, look);
    int64_t sum = 0;
    for (int64_t i = 0; i < blue.count(); i += 3) {
        sum += blue.data<uint8_t>()[i];
    }
    EXPECT_LE(sum / (kWidth * kHeight), 26);  // no red but the background's
}

TEST_P(SplatPassTest, LooksAsItDid) {
    const Splats splats = random_splats(4000, 2);
    const Pinhole camera = camera_at(2.2, kWidth, kHeight);
    std::vector<Line> grid;
    for (int i = -4; i <= 4; ++i) {
        const auto v = 0.5F * static_cast<float>(i);
        grid.push_back({{v, 0.8F, -2}, 1, {v, 0.8F, 2}, 0xFFA0A0A0});
        grid.push_back({{-2, 0.8F, v}, 1, {2, 0.8F, v}, 0xFFA0A0A0});
    }
    expect_golden(drawn(splats, camera, {}, grid), "splats", device().name(), 45);
    SplatLook depth;
    depth.nearest = 1;
    depth.farthest = 4;
    expect_golden(drawn(splats, camera, depth, grid), "splats_depth", device().name(), 45);
}

// More meetings of splats and tiles than there is room for at first.
TEST_P(SplatPassTest, LargeSplatsFit) {
    const Splats splats = random_splats(3000, 0, 0.6F);
    const Pinhole camera = camera_at(1.5, kWidth, kHeight);
    EXPECT_GE(psnr(drawn(splats, camera), reference(splats, camera)), 45);
}

INSTANTIATE_TEST_SUITE_P(Methods, SplatPassTest,
                         ::testing::Values(SplatMethod::Quads, SplatMethod::Tiles),
                         [](const auto& method) {
                             return method.param == SplatMethod::Quads ? "Quads" : "Tiles";
                         });

TEST(DepthOrder, IsThatOfDepthsAndStable) {
    Splats splats = random_splats(20'000, 0);
    for (int64_t i = 0; i < 3000; i += 3) {
        splats.means.data<float>()[i + 2] = 0.25F;  // of one depth, in a camera without a tilt
    }
    Pinhole camera;
    camera.translation = {0, 0, 0.3};
    const auto order = depth_order(splats, camera, 0.01);
    const auto depth = [&](uint32_t i) {
        const double z = splats.means.data<float>()[3 * i + 2];
        return static_cast<float>(z + 0.3);
    };
    size_t expected = 0;
    for (uint32_t i = 0; i < 20'000; ++i) {
        expected += depth(i) > 0.01F ? 1 : 0;
    }
    ASSERT_EQ(order.size(), expected);
    for (size_t i = 1; i < order.size(); ++i) {
        const uint32_t before = depth_key(depth(order[i - 1]), 0.01F),
                       here = depth_key(depth(order[i]), 0.01F);
        ASSERT_TRUE(before < here || (before == here && order[i - 1] < order[i])) << i;
    }
}

}  // namespace
}  // namespace longtake::render
