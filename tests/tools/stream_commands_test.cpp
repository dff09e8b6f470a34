#include "tests/tools/longtake_runner.h"
#include "tests/tools/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

// Streams of Gaussians on the command line.
namespace longtake {
namespace {

namespace fs = std::filesystem;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class StreamCommands : public testing::Test {
  protected:
    // a.ltv: six frames of one cloud at 12 a second, keys at 0 and 4.
    StreamCommands() {
        const std::string cloud =
            (fs::path(LONGTAKE_TEST_FIXTURES) / "splats/version3.spz").string();
        fs::create_directory(runner_.folder / "frames");
        for (int i = 0; i < 6; ++i) {
            fs::copy(cloud, runner_.folder / ("frames/" + std::to_string(i) + ".spz"));
        }
        const Outcome made =
            runner_.run({"convert", "frames", "-o", "a.ltv", "--fps", "12", "--key-every", "4"});
        EXPECT_EQ(made.exit_code, 0) << made.err;
    }

    const Runner runner_;
};

TEST_F(StreamCommands, InfoTellsFramesAndVerifies) {
    const Outcome info = runner_.run({"info", "a.ltv", "--verify"});
    EXPECT_EQ(info.exit_code, 0) << info.err;
    EXPECT_THAT(info.out, HasSubstr("stream of Gaussians, 6 frames at 12 frames/s, 0.500 s\n"));
    EXPECT_THAT(info.out, HasSubstr("2 keys, "));
    EXPECT_THAT(info.out, ContainsRegex("\n     4 key "));
    EXPECT_THAT(info.out, ContainsRegex("\n     3 +270 +0 +112 "));
    EXPECT_THAT(info.out, HasSubstr("verified: all 6 frames"));
    const Outcome piped = runner_.shell("cat a.ltv | " LONGTAKE_BINARY " info - --verify");
    EXPECT_EQ(piped.exit_code, 0) << piped.err;
    EXPECT_THAT(piped.out, HasSubstr("verified: all 6 frames"));
}

TEST_F(StreamCommands, InfoSaysWhereAStreamIsDamaged) {
    {
        std::fstream file(runner_.folder / "a.ltv", std::ios::in | std::ios::out);
        file.seekp(3000);
        file.put('x');
    }
    expect_refused(runner_, {"info", "a.ltv", "--verify"}, "a.ltv: frame 0, at byte ");
    const Outcome later =
        runner_.run({"render", "a.ltv", "--skip-damaged", "-o", "a.mp4", "--size", "96x64"});
    EXPECT_EQ(later.exit_code, 0) << later.err;
    EXPECT_EQ(runner_.frames_of("a.mp4"), 6);
    fs::resize_file(runner_.folder / "a.ltv", 5000);
    const Outcome cut = runner_.run({"info", "a.ltv"});
    EXPECT_THAT(cut.out, HasSubstr("no index: it grows or was cut off"));
}

TEST_F(StreamCommands, FramesComeOutAsFiles) {
    EXPECT_EQ(runner_.run({"convert", "a.ltv", "--frame", "5", "-o", "b.ply"}).exit_code, 0);
    const Outcome before = runner_.run({"info", "frames/0.spz"}),
                  after = runner_.run({"info", "b.ply"});
    EXPECT_THAT(after.out, HasSubstr("3DGS PLY, 270 Gaussians"));
    expect_refused(runner_, {"convert", "a.ltv", "--frame", "6", "-o", "c.ply"},
                   "a.ltv: there is no frame 6");
    expect_refused(runner_, {"convert", "a.ltv", "-o", "c.ply"}, "--frame");
    expect_refused(runner_, {"convert", "frames/*.obj", "-o", "c.ltv"}, "frames/");
    EXPECT_FALSE(fs::exists(runner_.folder / "c.ltv"));
}

TEST_F(StreamCommands, StreamsArePutTogetherAndTakenApart) {
    EXPECT_EQ(runner_.run({"concat", "a.ltv", "a.ltv", "-o", "b.ltv"}).exit_code, 0);
    EXPECT_THAT(runner_.run({"info", "b.ltv", "--verify"}).out,
                HasSubstr("verified: all 12 frames"));
    EXPECT_EQ(runner_.run({"convert", "b.ltv", "-o", "pieces"}).exit_code, 0);
    EXPECT_THAT(runner_.run({"info", "pieces/playlist.json", "--verify"}).out,
                HasSubstr("verified: all 12 frames"));
    EXPECT_EQ(runner_.run({"convert", "frames", "-o", "c.ltv", "--fps", "10"}).exit_code, 0);
    expect_refused(runner_, {"concat", "a.ltv", "c.ltv", "-o", "d.ltv"},
                   "c.ltv: has 10 frames a second, the first 12");
    EXPECT_FALSE(fs::exists(runner_.folder / "d.ltv.partial"));
}

TEST_F(StreamCommands, RenderPlaysTheStream) {
    const Outcome video = runner_.run({"render", "a.ltv", "-o", "a.mp4", "--size", "96x64"});
    EXPECT_EQ(video.exit_code, 0) << video.err;
    EXPECT_EQ(runner_.frames_of("a.mp4"), 6);
    EXPECT_EQ(runner_
                  .run({"render", "a.ltv", "-o", "b.mp4", "--size", "96x64", "--seconds", "1",
                        "--fps", "24"})
                  .exit_code,
              0);
    EXPECT_EQ(runner_.frames_of("b.mp4"), 24);
    const Outcome piped = runner_.shell("cat a.ltv | " LONGTAKE_BINARY
                                        " render - -o c.mp4 --size 96x64 --seconds 0.5");
    EXPECT_EQ(piped.exit_code, 0) << piped.err;
    EXPECT_EQ(runner_.frames_of("c.mp4"), 6);
}

}  // namespace
}  // namespace longtake
