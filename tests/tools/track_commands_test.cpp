// What the command does with tracks: reads, shows, converts, follows.
#include "core/file.h"
#include "core/image.h"
#include "core/video_writer.h"
#include "generator/tracks/track_file.h"
#include "tests/generator/moving_texture.h"
#include "tests/tools/longtake_runner.h"
#include "tests/tools/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace longtake {
namespace {

namespace fs = std::filesystem;
using generator::TrackFrame;
using generator::Tracks;
using ::testing::HasSubstr;

const fs::path kTracks = fs::path(LONGTAKE_TEST_FIXTURES) / "tracks";
constexpr TrackFrame kTake{.width = 64, .height = 48, .frame_rate = 16};

// Two points over 81 frames: one goes right, one stays.
Tracks two_points() {
    Tracks tracks(81, {0, 1});
    for (int64_t t = 0; t < 81; ++t) {
        tracks.at(t, 0) = {10 + 0.5F * static_cast<float>(t), 24, true};
        tracks.at(t, 1) = {50, 12, true};
    }
    return tracks;
}

TEST(TrackCommands, InfoSaysWhatIsThereAndDrawsIt) {
    const Runner runner;
    generator::write_tracks(runner.folder / "a.npz", two_points(), kTake);
    const Outcome own = runner.run({"info", "a.npz", "-o", "a.png"});
    EXPECT_EQ(own.exit_code, 0) << own.err;
    EXPECT_THAT(own.out, HasSubstr("tracks (NumPy): 2 points, 81 frames at 16 frames/s, of a "
                                   "picture 64x48\n"));
    EXPECT_THAT(own.out, HasSubstr("x 10.0 to 50.0, y 12.0 to 24.0; 100.0 % visible, 100.0 % of"));
    EXPECT_EQ(read_png(runner.folder / "a.png").shape(), (Shape{1080, 1440, 3}));
    const Outcome ati = runner.run({"info", (kTracks / "ati.pth").string(), "--size", "640x480"});
    EXPECT_THAT(ati.out, HasSubstr("tracks (ATI): 2 points, 121 frames at 24 frames/s, of a "
                                   "picture 640x480 (assumed"));
    // Another convention is seen.
    Tracks parts = two_points();
    for (int64_t t = 0; t < 81; ++t) {
        parts.at(t, 1) = {0.5F, 1.5F * 48, true};
    }
    generator::write_tracks(runner.folder / "b.npz", parts, kTake);
    EXPECT_THAT(runner.run({"info", "b.npz"}).out, HasSubstr("50.0 % of that inside"));
}

TEST(TrackCommands, EveryFormatBecomesEveryOther) {
    const Runner runner;
    generator::write_tracks(runner.folder / "first.npz", two_points(), kTake);
    std::string before = "first.npz";
    for (const char* next : {"a.npy", "b.json", "c.drag.json", "d.pth", "last.npz"}) {
        const Outcome outcome = runner.run({"convert", before, "-o", next, "--size", "64x64"});
        EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
        before = next;
    }
    const Tracks last = generator::read_tracks(runner.folder / "last.npz", {64, 64, 16});
    ASSERT_EQ(last.points(), 2);
    ASSERT_GE(last.frames(), 80);
    EXPECT_NEAR(last.at(40, 0).x, 30, 0.05);
    EXPECT_NEAR(last.at(40, 1).y, 12, 0.05);
    longtake::expect_refused(runner, {"convert", "first.npz", "-o", "one.txt"}, "holds one point");
}

TEST(TrackCommands, GenerateTakesTracks) {
    const Runner runner;
    generator::write_tracks(runner.folder / "a.npz", two_points(), kTake);
    const Outcome outcome = runner.run({"generate", "--frames", "21", "--tracks", "a.npz"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(runner.frames_of("longtake.mp4"), 21);
    EXPECT_THAT(outcome.err, HasSubstr("was not trained to follow"));
}

// A lossless video of a texture that goes right by two pixels a frame.
void write_video(const fs::path& path, int64_t frames = 30) {
    const generator::MovingTexture texture{.width = 128, .height = 96, .carried = {2, 0}};
    auto writer = make_frame_writer(path.string(), {.height = 96,
                                                    .width = 128,
                                                    .frame_rate = {16, 1},
                                                    .codec = "ffv1",
                                                    .preset = {},
                                                    .pixel_format = {}});
    for (int64_t t = 0; t < frames; ++t) {
        writer->write(texture.frame(t).reshape({1, 96, 128, 3}));
    }
    writer->finish();
}

TEST(TrackCommands, TrackFollowsAGrid) {
    const Runner runner;
    write_video(runner.folder / "v.mkv");
    const Outcome outcome =
        runner.run({"track", "v.mkv", "--grid", "8", "-o", "t.npz", "--overlay", "seen/"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    const Tracks tracks = generator::read_tracks(runner.folder / "t.npz", {128, 96, 16});
    EXPECT_EQ(tracks.frames(), 30);
    int64_t followed = 0;
    for (int64_t n = 0; n < tracks.points(); ++n) {
        const auto &a = tracks.at(0, n), &b = tracks.at(10, n);
        // What is at the edge is less certain.
        if (a.visible && b.visible && a.x > 16 && a.x < 96 && a.y > 16 && a.y < 80) {
            ++followed;
            EXPECT_NEAR(b.x - a.x, 20, 0.1);
        }
    }
    EXPECT_GT(followed, 8);
    const Tensor picture = read_png(runner.folder / "seen/frame_000010.png");
    EXPECT_EQ(picture.shape(), (Shape{96, 128, 3}));
    int64_t yellow = 0;
    for (int64_t i = 0; i < 96 * 128; ++i) {
        const uint8_t* p = picture.data<uint8_t>() + 3 * i;
        yellow += p[0] > 240 && p[1] > 200 && p[2] < 30;
    }
    EXPECT_GT(yellow, followed);
}

TEST(TrackCommands, TrackSaysHowFarOffAVideoIs) {
    const Runner runner;
    write_video(runner.folder / "v.mkv");
    Tracks asked(30, {0, 1});
    for (int64_t t = 0; t < 30; ++t) {
        asked.at(t, 0) = {40 + 2 * static_cast<float>(t), 40, t < 25};
        asked.at(t, 1) = {40 + 3 * static_cast<float>(t), 60, t < 11};  // goes faster than it does
    }
    generator::write_tracks(runner.folder / "asked.npz", asked, {128, 96, 16});
    const Outcome outcome = runner.run({"track", "v.mkv", "--points", "asked.npz", "-o", "good.npz",
                                        "--within", "3", "--json", "epe.jsonl"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("over 34 of 34 places asked for"));
    const auto json = nlohmann::json::parse(read_text(runner.folder / "epe.jsonl"));
    EXPECT_NEAR(json["epe"], (1. + 10) * 10 / 2 / 34, 0.05);
    EXPECT_NEAR(json["by_frame"][10], 5, 0.1);
    EXPECT_TRUE(json["by_frame"][0].is_null());
    const Tracks good = generator::read_tracks(runner.folder / "good.npz", {128, 96, 16});
    EXPECT_TRUE(good.at(20, 0).visible);
    EXPECT_TRUE(good.at(3, 1).visible);
    EXPECT_FALSE(good.at(4, 1).visible);
}

TEST(TrackCommands, GenerateTakesMotionFromAVideoAndACamera) {
    const Runner runner;
    write_video(runner.folder / "v.mkv");
    generator::write_tracks(runner.folder / "a.npz", two_points(), kTake);
    std::ofstream(runner.folder / "path.json") << R"({"keyframes": [
        {"time": 0, "position": [0, 0, -4], "target": [0, 0, 0]},
        {"time": 2, "position": [1, 0, -4], "target": [0, 0, 0]}]})";
    fs::create_directory(runner.folder / "nerf");
    std::ofstream(runner.folder / "nerf/transforms.json") << R"({"w": 64, "h": 48, "fl_x": 60,
        "frames": [{"file_path": "0.png",
                    "transform_matrix": [[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]}]})";
    const std::string depth = LONGTAKE_TEST_FIXTURES "/depth16.png";
    for (const std::vector<std::string>& motion :
         {std::vector<std::string>{"--motion-from", "v.mkv", "--grid", "12"},
          {"--camera", "pan-left"},
          {"--camera", "dolly-in", "--depth", depth, "--camera-speed", "2"},
          {"--camera", "path.json", "--camera-scale", "0.5"},
          {"--camera", "nerf"},
          {"--tracks", "a.npz", "--camera", "orbit-left", "--depth", depth, "--motion-from",
           "v.mkv"},
          {"--tracks", "a.npz", "--pan", "0.1", "0", "--zoom", "1.1", "--turn", "-5", "--about",
           "0.2", "0.8"}}) {
        std::vector<std::string> arguments{"generate", "--frames", "33"};
        arguments.insert(arguments.end(), motion.begin(), motion.end());
        const Outcome outcome = runner.run(arguments);
        EXPECT_EQ(outcome.exit_code, 0) << motion[1] << outcome.err;
        EXPECT_EQ(runner.frames_of("longtake.mp4"), 33);
    }
}

TEST(TrackCommands, BadMotion) {
    const Runner runner;
    generator::write_tracks(runner.folder / "a.npz", two_points(), kTake);
    std::ofstream(runner.folder / "bad.json") << "{}";
    expect_refused(runner, {"generate", "--motion-from", "missing.mp4"}, "missing.mp4");
    expect_refused(runner, {"generate", "--camera", "sideways"}, "pan-left");
    expect_refused(runner, {"generate", "--camera", "bad.json"}, "bad.json");
    expect_refused(runner, {"generate", "--camera", "pan-left", "--depth", "no.png"}, "no.png");
    expect_refused(runner, {"generate", "--depth", "no.png"}, "--camera");
    expect_refused(runner, {"generate", "--zoom", "2"}, "--tracks");
    expect_refused(runner, {"generate", "--tracks", "a.npz", "--zoom", "0"}, "--zoom");
    expect_refused(runner, {"track", "missing.mp4"}, "missing.mp4");
    expect_refused(runner, {"track", "a.npz"}, "a.npz");
    expect_refused(runner, {"track", "v.mkv", "--json", "x.json"}, "--points");
    expect_refused(runner, {"track", "v.mkv", "-o", "x.mp4"}, "x.mp4");
}

TEST(TrackCommands, BadTracks) {
    const Runner runner;
    std::ofstream(runner.folder / "bad.json") << "[[{\"x\": 1}]]";
    std::ofstream(runner.folder / "bad.npz") << "PK";
    std::ofstream(runner.folder / "cut.pth") << "PK\x03\x04";
    for (const std::string name : {"bad.json", "bad.npz", "cut.pth", "missing.npz"}) {
        expect_refused(runner, {"generate", "--tracks", name}, name);
        expect_refused(runner, {"info", name}, name);
        expect_refused(runner, {"convert", name, "-o", "out.npz"}, name);
    }
    generator::write_tracks(runner.folder / "a.npz", two_points(), kTake);
    expect_refused(runner, {"info", "a.npz", "-o", "no/folder.png"}, "no/folder.png");
    expect_refused(runner, {"convert", "a.npz", "-o", "a.mp4"}, "a.npz");
}

}  // namespace
}  // namespace longtake
