#include "tests/gaussians/dataset_testing.h"

#include <gmock/gmock.h>

#include <string>

// The folders that tools/toyworld writes.
namespace longtake::gaussians {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string pose(double x) {
    return "[1, 0, 0, " + std::to_string(x) + ", 0, 0, 1, 2, 0, -1, 0, 3, 0, 0, 0, 1]";
}

// Two views of two frames, the second camera's second pose at x.
void write_clip(const TemporaryFolder& folder, double x = 5) {
    write_file(folder / "clip.json",
               R"({"width": 40, "height": 30, "views": [
                   {"intrinsics": [50, 51, 20, 15], "world_to_camera": [)" +
                   pose(1) + ", " + pose(1) +
                   R"(]}, {"intrinsics": [50, 51, 20, 15], "world_to_camera": [)" + pose(5) + ", " +
                   pose(x) + "]}]}");
    for (int i = 0; i < 4; ++i) {
        write_picture(folder / ("view_0" + std::to_string(i / 2)) /
                          ("frame_000" + std::to_string(i % 2) + ".png"),
                      grey(30, 40, 10 * i));
    }
}

TEST(ToyworldLayout, ViewsAreCamerasAtRest) {
    const TemporaryFolder folder;
    write_clip(folder);
    Dataset dataset = Dataset::open(folder.path());
    EXPECT_EQ(dataset.layout(), "toyworld");
    ASSERT_EQ(dataset.view_count(), 2U);
    EXPECT_EQ(dataset.frame_count(), 2);
    EXPECT_EQ(dataset.name(1), "view_01");
    EXPECT_EQ(level_of(dataset.image(1, 0)), 20);
    EXPECT_EQ(level_of(dataset.image(0, 1)), 10);
    const Camera& camera = dataset.camera(1);
    EXPECT_EQ(camera.fy, 51);
    const auto seen = project(camera, {1, 4, 2});  // 6, 4, -1 of the camera's axes, and 3 - 4 < 0
    EXPECT_EQ(camera.translation[0], 5);
    EXPECT_EQ(camera.rotation[5], 1);
    EXPECT_EQ(seen[0], 50 * 6 / -1. + 20);
}

TEST(ToyworldLayout, WhatIsWrongIsOneClearLine) {
    const TemporaryFolder folder;
    write_clip(folder, 6);
    EXPECT_THAT(dataset_complaint(folder.path()), AllOf(HasSubstr("move"), HasSubstr("--fixed")));
    for (const char* json : {"{", "{}", R"({"width": 40, "height": 30, "views": []})",
                             R"({"width": 40, "height": 30, "views": [{"intrinsics": [1],
                                "world_to_camera": []}]})"}) {
        write_file(folder / "clip.json", json);
        EXPECT_THAT(dataset_complaint(folder.path()),
                    AllOf(HasSubstr("clip.json"), Not(HasSubstr("\n"))))
            << json;
    }
}

}  // namespace
}  // namespace longtake::gaussians
