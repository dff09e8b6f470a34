#include "gaussians/scene/camera_path.h"

#include "core/error.h"
#include "gaussians/scene/small_matrix.h"
#include "tests/core/temporary_folder.h"
#include "tests/gaussians/cloud_testing.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <numbers>

namespace longtake::gaussians {
namespace {

using ::testing::HasSubstr;

// In the camera: x right, y down, z forward.
Vec3 seen(const Camera& camera, const Vec3& point) {
    Vec3 at = camera.translation;
    for (size_t i = 0; i < 9; ++i) {
        at[i / 3] += camera.rotation[i] * point[i % 3];
    }
    return at;
}

std::array<double, 2> pixel(const Camera& camera, const Vec3& point) {
    const Vec3 at = seen(camera, point);
    return {camera.fx * at[0] / at[2] + camera.cx, camera.fy * at[1] / at[2] + camera.cy};
}

TEST(CameraPath, TheWayPastACapturesCamerasIsThroughThem) {
    const TemporaryFolder folder;
    std::vector<Camera> cameras;
    for (const double x : {-2., -0.5, 1., 3.}) {
        cameras.push_back(look_at({x, -1, -4}, {0, 0.2 * x, 0}, {0, -1, 0.1}, 0.7, 64, 48));
    }
    const auto path = camera_path_of(folder.path() / "scene.ply");
    EXPECT_EQ(path, folder.path() / "scene.path.json");
    write_camera_path(path, cameras, 0.25);
    EXPECT_EQ(near_of_camera_path(path), 0.25);
    const auto again =
        read_camera_path(path, {.width = 64, .height = 48, .frame_rate = 1, .seconds = 4});
    ASSERT_EQ(again.size(), cameras.size());
    for (size_t i = 0; i < cameras.size(); ++i) {
        const Vec3 here = cameras[i].centre(), there = again[i].centre();
        for (size_t k = 0; k < 3; ++k) {
            EXPECT_NEAR(there[k], here[k], 1e-9);
            EXPECT_NEAR(again[i].rotation[6 + k], cameras[i].rotation[6 + k], 1e-9);  // forward
            EXPECT_NEAR(again[i].rotation[k], cameras[i].rotation[k], 1e-9);          // right
        }
        EXPECT_NEAR(again[i].fy, cameras[i].fy, 1e-9);
    }
    write_camera_path(path, {cameras[2]}, 0.1);
    EXPECT_EQ(read_camera_path(path, {.width = 64, .height = 48}).size(), 1U);
}

TEST(LookAt, TheTargetIsInTheMiddleAndUpIsUp) {
    for (const Vec3 up : {Vec3{0, -1, 0}, Vec3{0, 0, 1}, Vec3{0.3, -2, 1}}) {
        const Vec3 position{1, 2, -3}, target{0.5, -1, 4};
        const Camera camera = look_at(position, target, up, 1, 640, 480);
        EXPECT_NEAR(pixel(camera, target)[0], 320, 1e-9);
        EXPECT_NEAR(pixel(camera, target)[1], 240, 1e-9);
        EXPECT_GT(seen(camera, target)[2], 0);
        const Vec3 above{target[0] + 0.1 * up[0], target[1] + 0.1 * up[1], target[2] + 0.1 * up[2]};
        EXPECT_NEAR(pixel(camera, above)[0], 320, 1e-9);
        EXPECT_LT(pixel(camera, above)[1], 240);
        for (size_t k = 0; k < 3; ++k) {
            EXPECT_NEAR(camera.centre()[k], position[k], 1e-12);
        }
        // The rows are right, down, forward: a rotation, not a mirror.
        const auto& r = camera.rotation;
        EXPECT_NEAR(r[0] * (r[4] * r[8] - r[5] * r[7]) - r[1] * (r[3] * r[8] - r[5] * r[6]) +
                        r[2] * (r[3] * r[7] - r[4] * r[6]),
                    1, 1e-12);
    }
    // Even straight down, where up says nothing.
    const Camera down = look_at({0, -5, 0}, {0, 0, 0}, {0, -1, 0}, 1, 64, 64);
    EXPECT_NEAR(seen(down, {0, 0, 0})[2], 5, 1e-12);
    // The field of view is the vertical one.
    const Camera wide = look_at({0, 0, -1}, {0, 0, 0}, {0, -1, 0}, std::numbers::pi / 2, 400, 100);
    EXPECT_NEAR(pixel(wide, {0, 1, 0})[1], 100, 1e-9);
}

TEST(Orbit, SeesTheSceneFromAllSides) {
    const Extent extent{{1, 2, 3}, 0.7};
    const PathSampling sampling{.width = 100, .height = 200, .frame_rate = 10};
    const auto cameras = orbit(extent, sampling);
    ASSERT_EQ(cameras.size(), 80u);
    for (const Camera& camera : cameras) {
        for (const double x : {-0.7, 0.7}) {
            for (size_t axis = 0; axis < 3; ++axis) {
                Vec3 edge = extent.centre;
                edge[axis] += x;
                const auto [u, v] = pixel(camera, edge);
                EXPECT_TRUE(u > 0 && u < 100 && v > 0 && v < 200) << u << " " << v;
            }
        }
        EXPECT_LT(camera.centre()[1], 2);  // from above
    }
    EXPECT_NEAR(cameras[0].centre()[0], 1, 1e-12);  // from the front
    EXPECT_LT(cameras[0].centre()[2], 2);
    EXPECT_GT(cameras[40].centre()[2], 4);
}

TEST(Extent, FarAndFaintGaussiansDoNotCount) {
    Cloud cloud = random_cloud(2000, 0);
    std::ranges::fill(cloud.opacities.values<float>(), 1.F);
    const Extent extent = extent_of(cloud);
    for (const double c : extent.centre) {
        EXPECT_NEAR(c, 1, 0.3);
    }
    EXPECT_NEAR(extent.radius, 5.6, 0.3);  // 2.796 deviations of 2
    std::ranges::fill(cloud.means.slice(0, 20).values<float>(), 1e6F);
    EXPECT_NEAR(extent_of(cloud).radius, extent.radius, 0.5);
    std::ranges::fill(cloud.means.slice(0, 1500).values<float>(), 1e6F);
    std::ranges::fill(cloud.opacities.slice(0, 1500).values<float>(), -5.F);
    EXPECT_NEAR(extent_of(cloud).radius, extent.radius, 0.5);
    EXPECT_EQ(extent_of(Cloud::sized(0, 0)).radius, 0);
}

class PathFile : public ::testing::Test {
  protected:
    std::vector<Camera> read(const std::string& text, const PathSampling& sampling) {
        std::ofstream(folder_ / "path.json") << text;
        return read_camera_path(folder_ / "path.json", sampling);
    }
    std::string complaint(const std::string& text) {
        try {
            read(text, {.width = 64, .height = 64});
        } catch (const InputError& e) {
            return e.what();
        }
        return "no complaint";
    }
    TemporaryFolder folder_;
};

TEST_F(PathFile, GoesThroughTheKeyframesSmoothly) {
    const std::string text = R"({"keyframes": [
        {"time": 1, "position": [0, 0, -4], "target": [0, 0, 0], "fov": 90},
        {"time": 2, "position": [4, 0, 0], "target": [0, 0, 0]},
        {"time": 5, "position": [0, 0, 4], "target": [0, 0, 1]}]})";
    const PathSampling sampling{.width = 64, .height = 64, .frame_rate = 10.25};
    const auto cameras = read(text, sampling);  // 41 frames, 0.1 s apart
    ASSERT_EQ(cameras.size(), 41u);
    EXPECT_NEAR(cameras[0].fy, 32, 1e-9);
    EXPECT_NEAR(cameras[0].centre()[2], -4, 1e-9);
    EXPECT_NEAR(cameras[10].centre()[0], 4, 1e-9);
    EXPECT_NEAR(cameras[40].centre()[2], 4, 1e-9);
    for (size_t i = 2; i < cameras.size(); ++i) {  // no jump, and no jump of the velocity
        for (size_t k = 0; k < 3; ++k) {
            const double a = cameras[i - 2].centre()[k], b = cameras[i - 1].centre()[k],
                         c = cameras[i].centre()[k];
            EXPECT_LT(std::abs(c - b), 0.8);
            EXPECT_LT(std::abs(c - 2 * b + a), 0.2);
        }
    }
    PathSampling longer = sampling;
    longer.seconds = 8;
    EXPECT_EQ(read(text, longer).size(), 82u);
    EXPECT_EQ(
        read(R"({"keyframes": [{"time": 0, "position": [0,0,-1], "target": [0,0,0]}]})", sampling)
            .size(),
        1u);
}

TEST_F(PathFile, BadInput) {
    const auto keys = [](const std::string& more) {
        return R"({"keyframes": [{"time": 0, "position": [0,0,-1], "target": [0,0,0]},)" + more +
               "]}";
    };
    EXPECT_THAT(complaint("{"), HasSubstr("path.json: is no camera path"));
    EXPECT_THAT(complaint("[]"), HasSubstr("path.json: is no camera path"));
    EXPECT_THAT(complaint(R"({"keyframes": []})"), HasSubstr("no keyframes"));
    EXPECT_THAT(complaint(keys(R"({"time": 0, "position": [0,0,-1], "target": [0,0,0]})")),
                HasSubstr("keyframe 1 does not come after"));
    EXPECT_THAT(complaint(keys(R"({"time": 1, "position": [0,0], "target": [0,0,0]})")),
                HasSubstr("no camera path"));
    EXPECT_THAT(complaint(keys(R"({"time": 1, "position": [1,1,1], "target": [1,1,1]})")),
                HasSubstr("looks at where it stands"));
    EXPECT_THAT(
        complaint(keys(R"({"time": 1, "position": [0,0,-1], "target": [0,0,0], "fov": 0})")),
        HasSubstr("0 degrees"));
    EXPECT_THAT(complaint(keys(R"({"time": 1e9, "position": [0,0,-1], "target": [0,0,0]})")),
                HasSubstr("too long"));
}

}  // namespace
}  // namespace longtake::gaussians
