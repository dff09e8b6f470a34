#include "interactive/volume/camera_rig.h"

#include "interactive/volume/path_editor.h"
#include "interactive/volume/subject.h"
#include "tests/core/temporary_folder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace longtake::interactive {
namespace {

constexpr double kPi = std::numbers::pi;

void expect_near(const Vec3& a, const Vec3& b, double within = 1e-9) {
    for (size_t i = 0; i < 3; ++i) {
        EXPECT_NEAR(a[i], b[i], within) << i;
    }
}

// Where a point is in the picture, pixels; z is the depth.
Vec3 seen(const CameraRig& rig, const Vec3& point) {
    const auto camera = rig.camera(200, 100);
    Vec3 at = camera.translation;
    for (size_t i = 0; i < 9; ++i) {
        at[i / 3] += camera.rotation[i] * point[i % 3];
    }
    return {camera.fx * at[0] / at[2] + camera.cx, camera.fy * at[1] / at[2] + camera.cy, at[2]};
}

TEST(CameraRig, ShowsAllOfAScene) {
    CameraRig rig;
    rig.show({.centre = {1, 2, 3}, .radius = 2}, 2);
    expect_near(rig.target(), {1, 2, 3});
    for (const Vec3& edge : {Vec3{3, 2, 3}, {-1, 2, 3}, {1, 4, 3}, {1, 0, 3}}) {
        const Vec3 pixel = seen(rig, edge);
        EXPECT_TRUE(pixel[0] > 0 && pixel[0] < 200 && pixel[1] > 0 && pixel[1] < 100);
    }
}

TEST(CameraRig, OrbitsAroundItsTargetAndFollowsTheHand) {
    CameraRig rig;
    rig.show({.centre = {0, 0, 0}, .radius = 1}, 2);
    const double distance = rig.distance();
    const Vec3 near{rig.eye()[0] / 2, rig.eye()[1] / 2, rig.eye()[2] / 2};
    const Vec3 before = seen(rig, near);
    rig.orbit(0.3, 0);
    expect_near(rig.target(), {0, 0, 0});
    EXPECT_NEAR(rig.distance(), distance, 1e-9);
    EXPECT_GT(seen(rig, near)[0], before[0] + 5);  // to the right
    rig.orbit(-0.3, 0);
    rig.orbit(0, 0.3);
    EXPECT_GT(seen(rig, near)[1], before[1] + 5);  // down
    rig.orbit(0, 100);                             // over the top it does not go
    expect_near(rig.target(), {0, 0, 0});
    EXPECT_LT(rig.eye()[1], 0);  // y is down
}

TEST(CameraRig, PansWithThePointer) {
    CameraRig rig;
    rig.show({.centre = {0, 0, 0}, .radius = 1}, 2);
    const Vec3 before = seen(rig, {0, 0, 0});
    rig.pan(0.25, -0.1);
    const Vec3 after = seen(rig, {0, 0, 0});
    EXPECT_NEAR(after[0] - before[0], 25, 1e-6);
    EXPECT_NEAR(after[1] - before[1], -10, 1e-6);
}

TEST(CameraRig, DolliesAndFlies) {
    CameraRig rig;
    rig.show({.centre = {0, 0, 0}, .radius = 1}, 2);
    const double distance = rig.distance();
    rig.dolly(0.5);
    expect_near(rig.target(), {0, 0, 0});
    EXPECT_NEAR(rig.distance(), distance / 2, 1e-9);
    const Vec3 eye = rig.eye(), target = rig.target();
    const double depth = seen(rig, target)[2];
    rig.move(0, 0, 0.1);
    EXPECT_NEAR(seen(rig, target)[2], depth - 0.1, 1e-9);
    rig.move(0, 0, -0.1);
    rig.move(0.2, 0, 0);
    EXPECT_LT(seen(rig, target)[0], 100);  // what was in the middle is to the left
    rig.move(-0.2, 0.2, 0);
    EXPECT_GT(seen(rig, target)[1], 50);
    rig.move(0, -0.2, 0);
    expect_near(rig.eye(), eye);
}

TEST(CameraRig, LooksWithoutMoving) {
    CameraRig rig({0.1, -1, 0.2});
    rig.show({.centre = {0, 0, 0}, .radius = 1}, 2);
    const Vec3 eye = rig.eye();
    rig.look(0.2, 0.1);
    expect_near(rig.eye(), eye);
    EXPECT_LT(seen(rig, {0, 0, 0})[0], 100);
    EXPECT_LT(seen(rig, {0, 0, 0})[1], 50);
}

TEST(CameraRig, StandsWhereACameraStood) {
    const auto camera = gaussians::look_at({3, -1, -2}, {0.5, 0.2, 0}, {0, -1, 0}, 0.8, 200, 100);
    CameraRig rig;
    rig.stand(camera, {0, 0, 0});
    const auto again = rig.camera(200, 100);
    for (size_t i = 0; i < 9; ++i) {
        EXPECT_NEAR(again.rotation[i], camera.rotation[i], 1e-9) << i;
    }
    expect_near(again.translation, camera.translation);
    EXPECT_NEAR(again.fy, camera.fy, 1e-9);
    const auto key = rig.key(0);
    CameraRig other;
    other.stand(key);
    expect_near(other.eye(), rig.eye());
    expect_near(other.target(), rig.target());
}

TEST(SeenBy, IsWhereAxesMeet) {
    std::vector<gaussians::Camera> ring;
    for (int i = 0; i < 6; ++i) {
        const double turn = 2 * kPi * i / 6;
        ring.push_back(gaussians::look_at({4 * std::cos(turn) + 1, -1, 4 * std::sin(turn)},
                                          {1, 0, 0}, {0, -1, 0}, 0.8, 64, 48));
    }
    const auto found = seen_by(ring);
    ASSERT_TRUE(found.has_value());
    expect_near(found->centre, {1, 0, 0}, 1e-9);
    EXPECT_NEAR(found->radius, std::sqrt(17.0) / 2, 1e-9);
    std::vector<gaussians::Camera> row;  // side by side
    for (int i = 0; i < 4; ++i) {
        row.push_back(
            gaussians::look_at({1.0 * i, 0, 0}, {1.0 * i, 0, 5}, {0, -1, 0}, 0.8, 64, 48));
    }
    EXPECT_FALSE(seen_by(row).has_value());
    std::vector<gaussians::Camera> outward;  // back to back
    for (int i = 0; i < 4; ++i) {
        const double turn = 2 * kPi * i / 4;
        outward.push_back(gaussians::look_at({std::cos(turn), 0, std::sin(turn)},
                                             {3 * std::cos(turn), 0, 3 * std::sin(turn)},
                                             {0, -1, 0}, 0.8, 64, 48));
    }
    EXPECT_FALSE(seen_by(outward).has_value());
    EXPECT_FALSE(seen_by({}).has_value());
}

TEST(PathEditor, KeysAreAddedTimedAndRemoved) {
    PathEditor path;
    for (int i = 0; i < 4; ++i) {
        path.add(
            {.time = 99, .position = {1.0 * i, 0, 0}, .target = {0, 0, 5}, .field_of_view = 0.8});
    }
    EXPECT_EQ(path.seconds(), 3 * PathEditor::kStep);
    path.set_seconds_after(1, 5);
    EXPECT_EQ(path.keys()[1].time, 2);
    EXPECT_EQ(path.keys()[2].time, 7);
    EXPECT_EQ(path.keys()[3].time, 9);
    path.remove(2);
    EXPECT_EQ(path.keys()[2].time, 7);
    EXPECT_EQ(path.keys()[2].position[0], 3);
    path.remove(0);
    EXPECT_EQ(path.keys()[0].time, 0);
    EXPECT_EQ(path.keys()[1].time, 5);
    EXPECT_EQ(path.at(0).position[0], 1);
    EXPECT_EQ(path.at(99).position[0], 3);
    const double middle = path.at(2.5).position[0];
    EXPECT_TRUE(middle > 1.5 && middle < 2.5);
}

// What is ridden is what `render --path` renders.
TEST(PathEditor, IsWrittenAsRenderReadsIt) {
    const TemporaryFolder folder;
    PathEditor path;
    CameraRig rig;
    rig.show({.centre = {0, 0, 0}, .radius = 1}, 2);
    for (int i = 0; i < 3; ++i) {
        path.add(rig.key(0));
        rig.orbit(0.5, 0.1);
        rig.dolly(0.8);
    }
    path.write(folder / "a.path.json", rig.up(), 0.2);
    EXPECT_EQ(gaussians::near_of_camera_path(folder / "a.path.json"), 0.2);
    const auto cameras = gaussians::read_camera_path(
        folder / "a.path.json", {.width = 200, .height = 100, .frame_rate = 10, .seconds = {}});
    ASSERT_EQ(cameras.size(), 40U);
    for (size_t i = 0; i < cameras.size(); ++i) {
        rig.stand(path.at(4.0 * static_cast<double>(i) / 39));
        expect_near(rig.eye(), cameras[i].centre(), 1e-6);
        EXPECT_NEAR(rig.camera(200, 100).rotation[8], cameras[i].rotation[8], 1e-6);
    }
}

TEST(PathEditor, RidesToTheEnd) {
    PathEditor path;
    path.ride(5);
    EXPECT_FALSE(path.riding());  // there is no way
    path.add({});
    path.add({});
    path.ride(5);
    EXPECT_TRUE(path.riding());
    EXPECT_EQ(path.ridden(6.5), 1.5);
}

}  // namespace
}  // namespace longtake::interactive
