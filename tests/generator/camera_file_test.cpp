#include "generator/control/camera_file.h"

#include "core/error.h"
#include "core/file.h"
#include "core/image.h"
#include "core/npy.h"
#include "core/video_writer.h"
#include "generator/control/depth.h"
#include "tests/core/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace longtake::generator {
namespace {

using ::testing::HasSubstr;

constexpr TrackFrame kTake{.width = 832, .height = 480, .frame_rate = 16};

void write(const std::filesystem::path& path, const std::vector<std::byte>& bytes) {
    AtomicFile file(path);
    file.write(bytes);
    file.commit();
}

// Two cameras: at the origin; two to the right, one up, three forward, and turned to look right.
std::vector<float> poses() {
    return {1, 0, 0, 0, 0, 1, 0, 0,  0,  0, 1, 0, 0, 0, 0, 1,
            0, 0, 1, 2, 0, 1, 0, -1, -1, 0, 0, 3, 0, 0, 0, 1};
}

void expect_the_two(const CameraPath& path) {
    ASSERT_EQ(path.cameras.size(), 2u);
    const Pinhole& second = path.cameras[1];
    const auto centre = second.centre();
    EXPECT_NEAR(centre[0], 2, 1e-9);
    EXPECT_NEAR(centre[1], -1, 1e-9);
    EXPECT_NEAR(centre[2], 3, 1e-9);
    // What lies to the right of it in the world is before it; what was before is on its left.
    const auto right = second.seen({7, -1, 3}), before = second.seen({2, -1, 8});
    EXPECT_NEAR(right[2], 5, 1e-9);
    EXPECT_NEAR(right[0], 0, 1e-9);
    EXPECT_NEAR(before[0], -5, 1e-9);
    EXPECT_GT(second.seen({7, 0, 3})[1], 0);  // down is down
}

TEST(CameraMoves, WhatIsUnprojectedIsSeenWhereItWas) {
    Pinhole camera{.width = 200, .height = 100, .fx = 150, .fy = 160, .cx = 90, .cy = 55};
    camera.rotation = {0.36, 0.48, -0.8, -0.8, 0.6, 0, 0.48, 0.64, 0.6};
    camera.translation = {1, -2, 3};
    const auto world = camera.unprojected(33, 77, 2.5);
    const auto seen = camera.seen(world);
    EXPECT_NEAR(seen[2], 2.5, 1e-12);
    EXPECT_NEAR(camera.projected(seen)[0], 33, 1e-12);
    EXPECT_NEAR(camera.projected(seen)[1], 77, 1e-12);
    // The camera's own place is seen at its origin.
    EXPECT_NEAR(camera.seen(camera.centre())[2], 0, 1e-12);
}

TEST(CameraFile, LingBot) {
    const TemporaryFolder folder;
    write(folder / "poses.npy", to_npy({2, 4, 4}, poses()));
    const std::vector<float> intrinsics{500, 510, 416, 240, 500, 510, 416, 240};
    write(folder / "intrinsics.npy", to_npy({2, 4}, intrinsics));
    for (const auto& path : {folder.path(), folder / "poses.npy"}) {
        ASSERT_TRUE(is_camera_path(path));
        const CameraPath read = read_camera_path(path, kTake);
        expect_the_two(read);
        EXPECT_EQ(read.cameras[1].fx, 500);
        EXPECT_EQ(read.cameras[1].width, 832);
    }
    write_npz(folder / "vipe.npz", {{"data", to_npy({2, 4, 4}, poses())}});
    const CameraPath vipe = read_camera_path(folder / "vipe.npz", kTake);
    expect_the_two(vipe);
    EXPECT_EQ(vipe.cameras[0].fx, 832);
}

// OpenGL's second and third axes are OpenCV's turned round.
TEST(CameraFile, Nerfstudio) {
    const TemporaryFolder folder;
    std::ofstream(folder / "camera_path.json") << R"({"fps": 24, "camera_path": [
        {"camera_to_world": [1,0,0,0, 0,-1,0,0, 0,0,-1,0, 0,0,0,1], "fov": 90},
        {"camera_to_world": [0,0,-1,2, 0,-1,0,-1, -1,0,0,3, 0,0,0,1], "fov": 90}]})";
    ASSERT_TRUE(is_camera_path(folder / "camera_path.json"));
    const CameraPath path = read_camera_path(folder / "camera_path.json", kTake);
    expect_the_two(path);
    EXPECT_EQ(path.frame_rate, 24);
    EXPECT_NEAR(path.cameras[0].fy, 240, 1e-9);  // 90 degrees from top to bottom
}

TEST(CameraFile, BetweenTwoCameras) {
    const TemporaryFolder folder;
    write(folder / "poses.npy", to_npy({2, 4, 4}, poses()));
    const auto cameras = read_camera_path(folder / "poses.npy", kTake).cameras;
    const Pinhole half = between(cameras, 0.5);
    EXPECT_NEAR(half.centre()[0], 1, 1e-9);
    const auto seen = half.seen({1 + 5, half.centre()[1], half.centre()[2] + 5});
    EXPECT_NEAR(seen[0], 0, 1e-6);  // it looks half right
    EXPECT_NEAR(between(cameras, 7).centre()[2], 3, 1e-9);
}

TEST(CameraFile, FittedAsPicturesAre) {
    const Pinhole camera{.width = 100, .height = 100, .fx = 50, .fy = 50, .cx = 50, .cy = 50};
    const Pinhole wide = fitted(camera, {.width = 400, .height = 200});
    EXPECT_EQ(wide.fx, 200);
    EXPECT_EQ(wide.cx, 200);
    EXPECT_EQ(wide.cy, 100);  // above and below is cut off
}

TEST(CameraFile, BadInputIsOneLineThatNamesTheFile) {
    const TemporaryFolder folder;
    const auto expect = [&](const std::string& name, const std::string& said) {
        EXPECT_THAT([&] { read_camera_path(folder / name, kTake); },
                    ::testing::ThrowsMessage<InputError>(
                        ::testing::AllOf(HasSubstr(name), HasSubstr(said))));
    };
    std::ofstream(folder / "a.json") << R"({"camera_path": [{"camera_to_world": [1, 2]}]})";
    expect("a.json", "not 4x4");
    std::ofstream(folder / "b.json") << R"({"camera_path": [{"fov": 50}]})";
    expect("b.json", "no camera path");
    std::ofstream(folder / "c.json") << R"({"camera_path": []})";
    expect("c.json", "no cameras");
    write(folder / "d.npy", to_npy({2, 3}, std::vector<float>(6)));
    expect("d.npy", "not [frames, 4, 4]");
    write(folder / "poses.npy", to_npy({2, 4, 4}, std::vector<float>(32)));
    expect("poses.npy", "no rotation");
    write(folder / "intrinsics.npy", to_npy({3}, std::vector<float>(3)));
    expect("poses.npy", "intrinsics");
    // A picture less than a pixel wide has no scale to fit it by.
    write(folder / "intrinsics.npy", to_npy({1, 4}, std::vector<float>{50, 50, 0.2F, 24}));
    expect("poses.npy", "its intrinsics are 50 50 0.2 24");
    expect("missing.npz", "missing.npz");
}

constexpr TrackFrame kSmall{.width = 8, .height = 4, .frame_rate = 16};

TEST(Depth, OfA16BitPng) {
    const std::string png = LONGTAKE_TEST_FIXTURES "/depth16.png";
    const auto depth = read_depth(png, 0.001, kSmall);
    ASSERT_EQ(depth.size(), 1u);
    EXPECT_NEAR(*depth[0].at(3.2, 2.9), 3.7, 1e-6);
    EXPECT_FALSE(depth[0].at(7.5, 3.5).has_value());
    EXPECT_FALSE(depth[0].at(8.5, 1).has_value());
    // Twice as wide, of which the middle is seen.
    const auto wide = read_depth(png, 0.01, {.width = 4, .height = 4, .frame_rate = 16});
    EXPECT_NEAR(*wide[0].at(0.5, 0.5), 25, 1e-4);
}

TEST(Depth, OfArraysFoldersAndVideos) {
    const TemporaryFolder folder;
    std::vector<float> values(2 * 4 * 8, 3);
    values[32 + 9] = 5;
    values[0] = NAN;
    write(folder / "d.npy", to_npy({2, 4, 8}, values));
    const auto array = read_depth(folder / "d.npy", 0.001, kSmall);
    ASSERT_EQ(array.size(), 2u);
    EXPECT_EQ(*array[1].at(1.5, 1.5), 5);
    EXPECT_FALSE(array[0].at(0, 0).has_value());
    EXPECT_EQ(array[0].median(), 3);
    std::filesystem::create_directory(folder / "maps");
    for (const char* name : {"maps/0.png", "maps/1.png"}) {
        std::filesystem::copy(LONGTAKE_TEST_FIXTURES "/depth16.png", folder / name);
    }
    EXPECT_EQ(read_depth(folder / "maps", 0.001, kSmall).size(), 2u);
    auto writer = make_frame_writer((folder / "d.mkv").string(), {.height = 16,
                                                                  .width = 32,
                                                                  .frame_rate = {16, 1},
                                                                  .codec = "ffv1",
                                                                  .preset = {},
                                                                  .pixel_format = {}});
    Tensor frames({3, 16, 32, 3}, DType::U8);
    std::ranges::fill(frames.values<uint8_t>(), uint8_t{51});
    writer->write(frames);
    writer->finish();
    const auto video = read_depth(folder / "d.mkv", 0.001, kSmall);
    ASSERT_EQ(video.size(), 3u);
    EXPECT_NEAR(*video[2].at(4, 2), 5, 1e-6);
}

TEST(Depth, BadFilesAreNamed) {
    const TemporaryFolder folder;
    const auto expect = [&](const std::string& name, const std::string& said) {
        EXPECT_THAT([&] { read_depth(folder / name, 0.001, kSmall); },
                    ::testing::ThrowsMessage<InputError>(
                        ::testing::AllOf(HasSubstr(name), HasSubstr(said))));
    };
    Tensor image = Tensor::zeros({4, 8, 3}, DType::U8);
    write_png(folder / "colour.png", image);
    expect("colour.png", "not grey");
    const std::string png = read_text(LONGTAKE_TEST_FIXTURES "/depth16.png");
    for (size_t size = 0; size < png.size() - 12; size += 7) {
        std::ofstream(folder / "cut.png") << png.substr(0, size);
        expect("cut.png", "");
    }
    write(folder / "d.npy", to_npy({8}, std::vector<float>(8)));
    expect("d.npy", "not [H, W]");
    expect("missing.png", "no such file");
    std::filesystem::create_directory(folder / "empty");
    expect("empty", "0 PNG images");
}

// A plane seen from where it was set up is as far everywhere; from the side, nearer there.
TEST(Depth, OfAPlane) {
    Pinhole camera{.width = 8, .height = 4, .fx = 8, .fy = 8, .cx = 4, .cy = 2};
    const Depth straight = plane_depth(camera, 2, camera);
    EXPECT_NEAR(*straight.at(0, 0), 2, 1e-6);
    EXPECT_NEAR(*straight.at(7.9, 3.9), 2, 1e-6);
    Pinhole nearer = camera;
    nearer.translation = {0, 0, -0.5};
    EXPECT_NEAR(*plane_depth(camera, 2, nearer).at(4, 2), 1.5, 1e-6);
    Pinhole behind = camera;
    behind.translation = {0, 0, -3};
    EXPECT_FALSE(plane_depth(camera, 2, behind).at(4, 2).has_value());
}

}  // namespace
}  // namespace longtake::generator
