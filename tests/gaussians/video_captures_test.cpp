#include "core/file.h"
#include "core/video_writer.h"
#include "tests/gaussians/cloud_testing.h"
#include "tests/gaussians/dataset_testing.h"
#include "tests/gaussians/n3dv_testing.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numbers>

// The layouts whose cameras film: N3DV, Qualisys, Immersive.
namespace longtake::gaussians {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Frames of rising brightness, 80x64, lossless.
void write_video(const fs::path& path, int first, int frames) {
    fs::create_directories(path.parent_path());
    VideoOptions options;
    options.height = 64;
    options.width = 80;
    options.codec = "ffv1";
    const auto writer = make_frame_writer(path.string(), options);
    for (int i = 0; i < frames; ++i) {
        writer->write(grey(64, 80, first + 10 * i).reshape({1, 64, 80, 3}));
    }
    writer->finish();
}

// A camera of 80x64 pixels and focal length 60 at (x, 0, -5) that looks along z, as a row of N3DV.
std::vector<double> pose_row(double x) {
    return n3dv_row({.width = 80, .height = 64, .focal = 60, .place = {x, 0, -5}});
}

TEST(N3dv, RowsAreCamerasInTheOrderOfTheirNames) {
    const TemporaryFolder folder;
    write_file(folder / "poses_bounds.npy", n3dv_rows({pose_row(-1), pose_row(2)}));
    write_video(folder / "cam00.mkv", 10, 3);
    write_video(folder / "cam05.mkv", 20, 3);  // numbers have gaps
    Dataset dataset = Dataset::open(folder.path());
    EXPECT_EQ(dataset.layout(), "poses_bounds.npy");
    ASSERT_EQ(dataset.view_count(), 2u);
    EXPECT_EQ(dataset.name(1), "cam05");
    EXPECT_NEAR(dataset.camera(1).centre()[0], 2, 1e-12);
    // Right is right and down is down.
    const auto [u, v] = project(dataset.camera(1), {2.5, 0.25, 0});
    EXPECT_NEAR(u, 40 + 60 * 0.5 / 5, 1e-9);
    EXPECT_NEAR(v, 32 + 60 * 0.25 / 5, 1e-9);
    EXPECT_FALSE(dataset.frame_count().has_value());
    EXPECT_EQ(level_of(dataset.image(0, 2)), 30);
    EXPECT_EQ(level_of(dataset.image(0, 2)), 30);  // again
    EXPECT_EQ(level_of(dataset.image(0, 0)), 10);  // and back
    EXPECT_EQ(level_of(dataset.image(1, 1)), 30);
    EXPECT_EQ(level_of(dataset.image(1, 3)), -1);
    EXPECT_EQ(level_of(dataset.image(1, 2)), 40);
}

TEST(N3dv, VideosThatGrowGoOn) {
    const TemporaryFolder folder, whole;
    write_file(folder / "poses_bounds.npy", n3dv_rows({pose_row(-1), pose_row(2)}));
    write_video(whole / "cam00.mkv", 10, 8);
    write_video(folder / "cam01.mkv", 20, 8);
    const std::string bytes = read_text(whole / "cam00.mkv", size_t{1} << 20);
    const auto grow = [&](size_t to) { write_file(folder / "cam00.mkv", bytes.substr(0, to)); };
    grow(bytes.size() / 2);
    Dataset dataset = Dataset::open(folder.path());
    dataset.follow();
    int64_t frame = 0;
    int pauses = 0;
    for (size_t size = bytes.size() / 2; size <= bytes.size(); size += 20) {
        grow(size);
        const int64_t before = frame;
        for (; level_of(dataset.image(0, frame)) >= 0; ++frame) {
            EXPECT_EQ(level_of(dataset.image(0, frame)), 10 + 10 * frame);
            EXPECT_EQ(level_of(dataset.image(1, frame)), 20 + 10 * frame);
        }
        pauses += frame > before && frame < 7 ? 1 : 0;
    }
    EXPECT_GT(pauses, 2);
    // All but what the last packet holds, which might be half written.
    EXPECT_EQ(frame, 7);

    Dataset late = Dataset::open(folder.path());
    late.follow();
    EXPECT_EQ(late.waiting(), 0);
    late.image(1, 2);
    EXPECT_GT(late.waiting(), 2);
    EXPECT_LT(late.waiting(), 9);
}

TEST(N3dv, ACameraMayBeAnAddress) {
    const TemporaryFolder folder, elsewhere;
    write_file(folder / "poses_bounds.npy", n3dv_rows({pose_row(-1), pose_row(2)}));
    write_video(folder / "cam00.mkv", 10, 3);
    write_video(elsewhere / "a.mkv", 50, 3);
    write_file(folder / "cam01.url", "file://" + (elsewhere / "a.mkv").string() + "\n");
    Dataset dataset = Dataset::open(folder.path());
    EXPECT_EQ(level_of(dataset.image(1, 2)), 70);
    write_file(folder / "cam01.url", "");
    EXPECT_THAT(dataset_complaint(folder.path()), HasSubstr("cam01.url: it holds no address"));
}

TEST(N3dv, FramesMayBeExtracted) {
    for (const char* inside : {"images/", ""}) {
        const TemporaryFolder folder;
        write_file(folder / "poses_bounds.npy", n3dv_rows({pose_row(0), pose_row(1)}, "<f4"));
        for (const char* camera : {"cam00", "cam01"}) {
            for (int i = 0; i < 3; ++i) {
                write_picture(folder / fmt::format("{}/{}{:04}.png", camera, inside, i),
                              grey(32, 40, 10 * i));
            }
        }
        Dataset dataset = Dataset::open(folder.path());
        EXPECT_EQ(dataset.frame_count(), 3);
        EXPECT_EQ(dataset.camera(0).width, 40);  // half of what the row says
        EXPECT_NEAR(dataset.camera(0).fx, 30, 1e-9);
        EXPECT_EQ(level_of(dataset.image(1, 2)), 20);
    }
}

TEST(MeetRoom, AFolderForEachFrame) {
    const TemporaryFolder folder;
    for (int frame = 0; frame < 3; ++frame) {
        const fs::path at = folder / fmt::format("discussion/{:04}", frame);
        write_file(at / "poses_bounds.npy", n3dv_rows({pose_row(0), pose_row(1)}, "<f8"));
        write_picture(at / "images/cam00.png", grey(32, 40, 10 + frame));
        write_picture(at / "images/cam01.png", grey(32, 40, 20 + frame));
    }
    Dataset dataset = Dataset::open(folder / "discussion");
    EXPECT_THAT(dataset.layout(), HasSubstr("a folder for each frame"));
    EXPECT_EQ(dataset.frame_count(), 3);
    EXPECT_EQ(level_of(dataset.image(0, 2)), 12);
    EXPECT_EQ(level_of(dataset.image(1, 1)), 21);
    fs::remove(folder / "discussion/0000/images/cam01.png");
    fs::remove(folder / "discussion/0000/images/cam00.png");
    EXPECT_THAT(dataset_complaint(folder / "discussion"), HasSubstr("one picture of each camera"));
}

TEST(N3dv, BadInput) {
    const TemporaryFolder folder;
    const auto expect = [&](const std::string& content, const std::string& said) {
        write_file(folder / "poses_bounds.npy", content);
        EXPECT_THAT(dataset_complaint(folder.path()),
                    AllOf(HasSubstr(said), HasSubstr("poses_bounds.npy"), Not(HasSubstr("\n"))));
    };
    const std::string sound = n3dv_rows({pose_row(0), pose_row(1)});
    for (size_t size = 0; size < sound.size(); size += 7) {
        write_file(folder / "poses_bounds.npy", sound.substr(0, size));
        EXPECT_THROW(Dataset::open(folder.path()), InputError) << size;
    }
    std::string huge = sound;
    huge.replace(huge.find("(2, "), 4, "(999999999, ");
    expect(huge, "promises [999999999, 17] numbers");
    std::string objects = sound;
    objects.replace(objects.find("<f8"), 3, "|O ");
    expect(objects, "it is not of little-endian numbers");
    auto bad = pose_row(0);
    bad[14] = std::nan("");
    expect(n3dv_rows({bad}), "not numbers");
    bad[14] = 0;
    expect(n3dv_rows({bad}), "without a focal length");
    write_video(folder / "cam00.mkv", 10, 1);
    expect(sound, "it has 2 rows of 17 numbers; 1 rows of 17 belong to the cameras there");
}

// A camera at (1, 2, 3) metres that looks along -z with y up, of which OpenGL would say the
// identity.
std::string qualisys(const std::string& serial, const std::string& r11 = "1") {
    return "<camera serial=\"" + serial +
           "\"><fov_video bottom=\"63\" left=\"0\" right=\"79\" top=\"0\"/><transform r11=\"" +
           r11 +
           "\" r12=\"0\" r13=\"0\" r21=\"0\" r22=\"1\" r23=\"0\" r31=\"0\" r32=\"0\" r33=\"1\" "
           "x=\"1000\" y=\"2000\" z=\"3000\"/><intrinsic centerPointU=\"2528\" "
           "centerPointV=\"2016\" focalLengthU=\"3840\" focalLengthV=\"3840\" "
           "radialDistortion1=\"0\" radialDistortion2=\"0\" radialDistortion3=\"0\" "
           "tangentalDistortion1=\"0\" tangentalDistortion2=\"0\"/></camera>";
}

std::string qualisys_file(const std::string& cameras) {
    return "<?xml version='1.0' encoding='ASCII'?>\n<calibration><cameras>" + cameras +
           "</cameras></calibration>";
}

TEST(Qualisys, CamerasAreThoseThatFilm) {
    const TemporaryFolder folder;
    write_file(folder / "calibration/Calib.qca.txt",
               qualisys_file(qualisys("cam2") + qualisys("marker") + qualisys("cam1")));
    write_video(folder / "videos/cam1.mkv", 10, 2);
    write_video(folder / "videos/cam2.mkv", 50, 2);
    Dataset dataset = Dataset::open(folder.path());
    EXPECT_EQ(dataset.layout(), "Qualisys");
    ASSERT_EQ(dataset.view_count(), 2u);
    EXPECT_EQ(dataset.name(1), "cam2");
    EXPECT_EQ(level_of(dataset.image(1, 1)), 60);
    const auto [u, v] = project(dataset.camera(0), {1.5, 2.25, -2});
    EXPECT_NEAR(u, 40 + 60 * 0.5 / 5, 1e-5);
    EXPECT_NEAR(v, 32 - 60 * 0.25 / 5, 1e-5);
}

TEST(Qualisys, BadInput) {
    const TemporaryFolder folder;
    const auto expect = [&](const std::string& content, const std::string& said) {
        write_file(folder / "a.qca.txt", content);
        EXPECT_THAT(dataset_complaint(folder.path()),
                    AllOf(HasSubstr(said), HasSubstr("a.qca.txt"), Not(HasSubstr("\n"))));
    };
    const std::string sound = qualisys_file(qualisys("cam1"));
    for (size_t size = 0; size < sound.size(); size += 5) {
        write_file(folder / "a.qca.txt", sound.substr(0, size));
        EXPECT_THROW(Dataset::open(folder.path()), InputError) << size;
    }
    expect("<calibration/>", "no cameras");
    expect(qualisys_file(qualisys("../../cam1")), "serial");
    expect(qualisys_file(qualisys("cam1", "nan")), "no r11");
    expect(qualisys_file(qualisys("cam1", "7")), "no rotation");
    expect(qualisys_file("<camera serial=\"a\"/>"), "no left");
}

std::string immersive(const std::string& name, const std::string& focal = "40") {
    // A quarter of a turn about y: the world's x is the camera's -z.
    return R"({"name": ")" + name + R"(", "projection_type": "fisheye", "width": 80, "height": 64,
        "focal_length": )" +
           focal + R"(, "principal_point": [41, 30], "radial_distortion": [0.02, -0.001, 0],
        "orientation": [0, 1.5707963267948966, 0], "position": [1, 2, 3]})";
}

TEST(Immersive, FisheyesBecomePinholes) {
    const TemporaryFolder folder;
    write_file(folder / "models.json",
               "[" + immersive("camera_0002") + "," + immersive("camera_0001") + "]");
    write_video(folder / "camera_0001.mkv", 10, 2);
    write_video(folder / "camera_0002.mkv", 50, 2);
    Dataset dataset = Dataset::open(folder.path());
    EXPECT_EQ(dataset.layout(), "models.json");
    EXPECT_EQ(dataset.name(0), "camera_0001");
    EXPECT_EQ(level_of(dataset.image(1, 1)), 60);
    const Camera& camera = dataset.camera(0);
    EXPECT_NEAR(camera.centre()[2], 3, 1e-12);
    EXPECT_NEAR(camera.rotation[6], -1, 1e-12);  // it looks along -x
    EXPECT_NEAR(camera.cx, 41, 1e-12);
    EXPECT_LT(camera.fx, 40);
    // Straight ahead, and the same axes as scipy's Rotation.from_rotvec([0, pi / 2, 0]).
    EXPECT_NEAR(project(camera, {-4, 2, 3})[0], 41, 1e-9);
    EXPECT_GT(project(camera, {-4, 2, 3.5})[0], 41);
    EXPECT_GT(project(camera, {-4, 2.5, 3})[1], 30);
}

TEST(Immersive, BadInput) {
    const TemporaryFolder folder;
    const auto expect = [&](const std::string& content, const std::string& said) {
        write_file(folder / "models.json", content);
        EXPECT_THAT(dataset_complaint(folder.path()),
                    AllOf(HasSubstr(said), HasSubstr("models.json"), Not(HasSubstr("\n"))));
    };
    expect("[", "not as expected");
    expect("[]", "no cameras");
    expect("[{}]", "not as expected");
    expect("[" + immersive("../x") + "]", "camera named");
    expect("[" + immersive("a", "-1") + "]", "focal length");
}

TEST(QualisysData, FourCamerasLookAtOnePerson) {
    const fs::path real = real_input("pose2sim_single");
    if (!fs::exists(real)) {
        GTEST_SKIP() << "there is no folder " << real;
    }
    Dataset dataset = Dataset::open(real);
    ASSERT_EQ(dataset.view_count(), 4u);
    for (size_t i = 0; i < 4; ++i) {
        // The middle of the treadmill, half a metre up, in front of each and within its picture.
        const Camera& camera = dataset.camera(i);
        const auto [u, v] = project(camera, {-0.8, 0, 0.5});
        EXPECT_TRUE(u > 0 && u < static_cast<double>(camera.width) && v > 0 &&
                    v < static_cast<double>(camera.height))
            << dataset.name(i) << " " << u << " " << v;
        EXPECT_GT(camera.centre()[2], 1);  // above the ground, z upwards
        EXPECT_LT(camera.rotation[5], -0.5);
        EXPECT_EQ(dataset.image(i, 2)->extent(1), camera.width);
    }
}

}  // namespace
}  // namespace longtake::gaussians
