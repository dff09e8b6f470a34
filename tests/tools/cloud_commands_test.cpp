#include "core/image.h"
#include "tests/tools/longtake_runner.h"
#include "tests/tools/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace longtake {
namespace {

namespace fs = std::filesystem;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

const fs::path kSplats = fs::path(LONGTAKE_TEST_FIXTURES) / "splats";

TEST(CloudCommands, ConvertAndInfo) {
    const Runner runner;
    const std::string sog = (kSplats / "cloud.sog").string();
    EXPECT_EQ(runner.run({"convert", sog, "-o", "a.ply"}).exit_code, 0);
    EXPECT_EQ(runner.run({"convert", "a.ply", "-o", "b.spz"}).exit_code, 0);
    const Outcome ply = runner.run({"info", "a.ply"});
    EXPECT_EQ(ply.exit_code, 0) << ply.err;
    EXPECT_THAT(ply.out, HasSubstr("3DGS PLY, 270 Gaussians, spherical harmonics of degree 2"));
    EXPECT_THAT(ply.out, HasSubstr("\ny from -6.716 to 5.372"));
    const Outcome spz = runner.run({"info", "b.spz"});
    EXPECT_THAT(spz.out, HasSubstr("SPZ 4, 270 Gaussians"));
    EXPECT_THAT(spz.out, HasSubstr("\ny from -6.716 to 5.372"));
}

TEST(CloudCommands, RenderDrawsVideosPicturesAndFolders) {
    const Runner runner;
    fs::copy(kSplats / "version3.spz", runner.folder / "a.spz");
    const Outcome video = runner.run({"render", "a.spz", "--size", "96x64", "--seconds", "1",
                                      "--fps", "12", "--depth", "depth/", "--alpha", "alpha.mkv"});
    EXPECT_EQ(video.exit_code, 0) << video.err;
    EXPECT_THAT(video.err, HasSubstr("100%"));
    EXPECT_EQ(runner.frames_of("render.mp4"), 12);
    EXPECT_EQ(runner.frames_of("alpha.mkv"), 12);
    EXPECT_TRUE(fs::exists(runner.folder / "depth/frame_000011.png"));
    std::ofstream(runner.folder / "path.json")
        << R"({"keyframes": [{"time": 0, "position": [0, -2, -20], "target": [0, -1, 4]}]})";
    const Outcome picture = runner.run({"render", "a.spz", "--path", "path.json", "-o", "a.png",
                                        "--size", "96x64", "--alpha", "b.png"});
    EXPECT_EQ(picture.exit_code, 0) << picture.err;
    const Tensor image = read_png(runner.folder / "a.png");
    EXPECT_EQ(image.shape(), (Shape{64, 96, 3}));
    // Something is in the middle, nothing in the corner.
    const Tensor alpha = read_png(runner.folder / "b.png");
    EXPECT_GT(alpha.data<uint8_t>()[3 * (32 * 96 + 48)], 100);
    EXPECT_EQ(alpha.data<uint8_t>()[0], 0);
}

const char* const kMiddle =
    R"(, {"file_path": "middle", "transform_matrix": [[1,0,0,0],[0,-1,0,0],[0,0,-1,-20]]})";

// Two cameras side by side that look at the fixture's cloud, without pictures.
void write_dataset(const fs::path& folder, const std::string& more = "") {
    fs::create_directories(folder);
    std::ofstream(folder / "transforms.json")
        << R"({"w": 96, "h": 64, "fl_x": 60, "frames": [)"
        << R"({"file_path": "left", "transform_matrix": [[1,0,0,-1],[0,-1,0,0],[0,0,-1,-20]]},)"
        << R"({"file_path": "right", "transform_matrix": [[1,0,0,1],[0,-1,0,0],[0,0,-1,-20]]})"
        << more << "]}";
}

TEST(CloudCommands, ADatasetsCamerasAreShownAndLookedFrom) {
    const Runner runner;
    fs::copy(kSplats / "version3.spz", runner.folder / "a.spz");
    write_dataset(runner.folder / "rig");
    const Outcome info = runner.run({"info", "rig"});
    EXPECT_EQ(info.exit_code, 0) << info.err;
    EXPECT_THAT(info.out, HasSubstr("dataset (transforms.json), 2 cameras"));
    EXPECT_THAT(info.out, HasSubstr("left  96x64, 56.1 degrees high, at -1.000 0.000 -20.000"));
    const Outcome views = runner.run({"render", "a.spz", "--cameras", "rig", "-o", "views/"});
    EXPECT_EQ(views.exit_code, 0) << views.err;
    const Tensor left = read_png(runner.folder / "views/frame_000000.png");
    const Tensor right = read_png(runner.folder / "views/frame_000001.png");
    EXPECT_EQ(left.shape(), (Shape{64, 96, 3}));
    EXPECT_FALSE(std::ranges::equal(left.values<uint8_t>(), right.values<uint8_t>()));
    EXPECT_FALSE(fs::exists(runner.folder / "views/frame_000002.png"));
    for (const char* name : {"left.png", "right.png"}) {
        fs::copy(runner.folder / "views/frame_000000.png", runner.folder / "rig" / name);
    }
    EXPECT_EQ(runner.run({"info", "rig", "-o", "rig.png"}).exit_code, 0);
    EXPECT_EQ(read_png(runner.folder / "rig.png").extent(1), 1280);
    write_dataset(runner.folder / "bad", ", {}");
    expect_refused(runner, {"info", "bad"}, "bad/transforms.json: is not as expected");
    expect_refused(runner, {"render", "a.spz", "--cameras", "views"}, "no known dataset");
}

// A capture of the fixture's cloud by three cameras.
class Encode : public testing::Test {
  protected:
    Encode() {
        fs::copy(kSplats / "version3.spz", runner.folder / "a.spz");
        write_dataset(runner.folder / "rig", kMiddle);
        runner.run({"render", "a.spz", "--cameras", "rig", "-o", "views/"});
        int i = 0;
        for (const char* name : {"left.png", "middle.png", "right.png"}) {  // as they are sorted
            fs::rename(runner.folder / fmt::format("views/frame_{:06}.png", i++),
                       runner.folder / "rig" / name);
        }
        fs::remove_all(runner.folder / "views");
    }

    const Runner runner;
};

TEST_F(Encode, LearnsAMomentOfACapture) {
    const Outcome learnt =
        runner.run({"encode", "rig", "-o", "b.ply", "--test", "middle", "--iterations", "150",
                    "--points", "300", "--max", "400", "--preview", "so_far.png"});
    EXPECT_EQ(learnt.exit_code, 0) << learnt.err;
    EXPECT_THAT(learnt.err, HasSubstr("100% 150/150 iterations"));
    const size_t at = learnt.out.find("middle, not learnt from: ");
    ASSERT_NE(at, std::string::npos) << learnt.out;
    const double decibels = std::stod(learnt.out.substr(at + 25));
    EXPECT_GT(decibels, 20) << learnt.out;
    EXPECT_EQ(read_png(runner.folder / "so_far.png").shape(), (Shape{64, 192, 3}));
    EXPECT_THAT(runner.run({"info", "b.ply"}).out,
                ContainsRegex("3DGS PLY, [34][0-9]{2} Gaussians"));

    // render goes past the cameras, the first of which saw left.png.
    EXPECT_EQ(runner.run({"render", "b.ply", "-o", "b.png", "--size", "96x64"}).exit_code, 0);
    const Tensor drawn = read_png(runner.folder / "b.png");
    const Tensor saw = read_png(runner.folder / "rig/left.png");
    ASSERT_EQ(drawn.shape(), saw.shape());
    double squares = 0;
    for (int64_t i = 0; i < saw.count(); ++i) {
        const double off = static_cast<double>(drawn.data<uint8_t>()[i]) - saw.data<uint8_t>()[i];
        squares += off * off / static_cast<double>(saw.count());
    }
    EXPECT_LT(squares, 255 * 255 / 100.);  // 20 dB
}

TEST_F(Encode, CtrlCKeepsWhatIsLearnt) {
    Subprocess process({LONGTAKE_BINARY, "encode", "rig", "-o", "b.ply", "--iterations", "1000000",
                        "--points", "100", "--preview", "so_far.png", "--max", "100"},
                       runner.options);
    std::this_thread::sleep_for(std::chrono::seconds(2));
    process.send(SIGINT);
    const Outcome outcome = process.wait();
    EXPECT_EQ(outcome.exit_code, 130) << outcome.err;
    EXPECT_THAT(runner.run({"info", "b.ply"}).out, HasSubstr("100 Gaussians"));
}

TEST_F(Encode, BadInput) {
    expect_refused(runner, {"encode", "rig", "-o", "a.xyz"}, "-o a.xyz");
    expect_refused(runner, {"encode", "rig", "-o", "no/such/a.ply"}, "no/such/a.ply");
    expect_refused(runner, {"encode", "rig", "--preview", "no/such/a.png"}, "--preview");
    expect_refused(runner, {"encode", "rig", "--test", "top"}, "has left, middle, right");
    expect_refused(runner, {"encode", "rig", "--test", "left", "right"}, "1 views are left");
    expect_refused(runner, {"encode", "rig", "--iterations", "0"}, "--iterations");
    expect_refused(runner, {"encode", "rig", "--points", "no.ply"}, "--points no.ply");
    expect_refused(runner, {"encode", "nowhere"}, "nowhere");
    fs::remove(runner.folder / "rig/right.png");
    const Outcome missing = runner.run({"encode", "rig"});
    EXPECT_EQ(missing.exit_code, 2);
    EXPECT_THAT(missing.err, HasSubstr("right"));
}

TEST(CloudCommands, BadInput) {
    const Runner runner;
    std::ofstream(runner.folder / "huge.ply")
        << "ply\nformat binary_little_endian 1.0\nelement vertex 1000000000000\n"
           "property float x\nend_header\n";
    fs::copy(kSplats / "odd.ply", runner.folder / "odd.ply");
    for (const char* command : {"info", "convert"}) {
        std::vector<std::string> arguments{command, "huge.ply"};
        if (arguments[0] == "convert") {
            arguments.insert(arguments.end(), {"-o", "a.ply"});
        }
        expect_refused(runner, arguments, "huge.ply: its header promises 1000000000000 rows");
    }
    expect_refused(runner, {"convert", "odd.ply", "-o", "a.obj"}, ".ply or .spz");
    expect_refused(runner, {"convert", "odd.ply", "-o", "no/such/a.ply"}, "no/such/a.ply");
    expect_refused(runner, {"convert", "odd.ply", "-o", "a.ply", "--dtype", "fp16"}, "--dtype");
    expect_refused(runner, {"render", "missing.ply"}, "missing.ply");
    expect_refused(runner, {"render", "huge.ply"}, "huge.ply");
    expect_refused(runner, {"render", "odd.ply", "--size", "9"}, "--size 9");
    expect_refused(runner, {"render", "odd.ply", "--fps", "0"}, "0");
    expect_refused(runner, {"render", "odd.ply", "--path", "none.json"}, "none.json");
    expect_refused(runner, {"render", "odd.ply", "-o", "no/such/a.png"}, "no/such/a.png");
    expect_refused(runner, {"render", "odd.ply", "-o", "a.xyz"}, "a.xyz");
    expect_refused(runner, {"render", "odd.ply", "--seconds", "-1"}, "--seconds");
    expect_refused(runner, {"render", "odd.ply", "--seconds", "1e9"}, "too long");
}

}  // namespace
}  // namespace longtake
