#include "core/image.h"
#include "tests/tools/longtake_runner.h"
#include "tests/tools/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace longtake {
namespace {

namespace fs = std::filesystem;
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
