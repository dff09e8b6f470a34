#include "core/error.h"
#include "core/file.h"
#include "core/image.h"
#include "gaussians/codec/stream_reader.h"
#include "tests/tools/refusal.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

namespace longtake {
namespace {

namespace fs = std::filesystem;
using gaussians::StreamReader;
using testing::ContainsRegex;
using testing::HasSubstr;

const fs::path kSplats = fs::path(LONGTAKE_TEST_FIXTURES) / "splats";
constexpr int kFrames = 5;

// Five frames of the fixture's cloud by three cameras, in toyworld's layout: it gets darker.
class EncodeStream : public testing::Test {
  protected:
    EncodeStream() {
        const fs::path clip = runner.folder / "clip";
        fs::create_directories(clip);
        std::string views, cameras;
        for (int v = 0; v < 3; ++v) {
            const std::string pose = fmt::format("[1,0,0,{},0,1,0,0,0,0,1,20,0,0,0,1]", 1 - v);
            std::string poses = pose;
            for (int t = 1; t < kFrames; ++t) {
                poses += "," + pose;
            }
            views += fmt::format(R"({}{{"intrinsics": [60,60,48,32], "world_to_camera": [{}]}})",
                                 v == 0 ? "" : ",", poses);
        }
        std::ofstream(clip / "clip.json")
            << R"({"width": 96, "height": 64, "views": [)" << views << "]}";
        fs::copy(kSplats / "version3.spz", runner.folder / "a.spz");
        runner.run({"render", "a.spz", "--cameras", "clip", "-o", "drawn/"});
        for (int v = 0; v < 3; ++v) {
            const Tensor seen = read_png(runner.folder / fmt::format("drawn/frame_{:06}.png", v));
            const fs::path folder = clip / fmt::format("view_{:02}", v);
            fs::create_directories(folder);
            for (int t = 0; t < kFrames; ++t) {
                Tensor image = seen.clone();
                for (uint8_t& value : image.values<uint8_t>()) {
                    value = static_cast<uint8_t>(value * (10 - t) / 10);
                }
                write_png(folder / fmt::format("frame_{:04}.png", t), image);
            }
        }
        fs::remove_all(runner.folder / "drawn");
    }

    std::vector<std::string> command(const std::string& output,
                                     const std::vector<std::string>& more = {}) const {
        std::vector<std::string> all{
            "encode",   "clip", "-o",       output, "--test",       "view_01",
            "--points", "200",  "--max",    "300",  "--iterations", "100",
            "--degree", "1",    "--preset", "s",    "--key-every",  "2"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    std::string bytes(const std::string& name) const {
        return read_text(runner.folder / name, 1 << 24);
    }

    const Runner runner;
};

TEST_F(EncodeStream, LearnsWhatFramesChange) {
    const Outcome outcome = runner.run(command("a.ltv"));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, ContainsRegex("frame 0: .* dB, .* kB, .* Gaussians changed .key."));
    EXPECT_THAT(outcome.out, ContainsRegex("frame 3: .* dB, .* kB, .* s, "));
    EXPECT_THAT(outcome.out, HasSubstr("a.ltv: 5 frames, "));
    StreamReader reader((runner.folder / "a.ltv").string(), {.verify = true});
    EXPECT_TRUE(reader.frame_count() == kFrames);
    for (int t = 0; t < kFrames; ++t) {
        EXPECT_TRUE(reader.next());
        EXPECT_EQ(reader.frame().key, t % 2 == 0);
    }
    EXPECT_EQ(reader.info().cameras.size(), 2U);
    EXPECT_FALSE(fs::exists(runner.folder / "a.ltv.partial"));
}

TEST_F(EncodeStream, GoesOnAfterAKillBitForBit) {
    EXPECT_EQ(runner.run(command("whole.ltv")).exit_code, 0);
    auto arguments = command("killed.ltv");
    arguments.insert(arguments.begin(), LONGTAKE_BINARY);
    const fs::path partial = runner.folder / "killed.ltv.partial";
    {
        Subprocess process(arguments, runner.options);
        const auto frames_there = [&]() -> int64_t {
            try {
                return StreamReader(partial.string()).frame_count().value_or(0);
            } catch (const InputError&) {
                return 0;  // not even its head is
            }
        };
        // Until some frames of the second segment may be there, which is then cut off.
        for (int i = 0; i < 500 && frames_there() <= 2; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        process.send(SIGKILL);
        EXPECT_EQ(process.wait().signal, SIGKILL);
    }
    const auto other = runner.run(command("killed.ltv", {"--seed", "9"}));
    EXPECT_EQ(other.exit_code, 2);
    EXPECT_THAT(other.err, HasSubstr("other settings"));
    const Outcome outcome = runner.run(command("killed.ltv"));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, ContainsRegex("going on after [24] frames"));
    EXPECT_EQ(bytes("killed.ltv"), bytes("whole.ltv"));
}

TEST_F(EncodeStream, CtrlCKeepsWhatIsWhole) {
    auto arguments = command("a.ltv");
    arguments.insert(arguments.begin(), LONGTAKE_BINARY);
    Subprocess process(arguments, runner.options);
    const fs::path partial = runner.folder / "a.ltv.partial";
    for (int i = 0; i < 500 && !(fs::exists(partial) && fs::file_size(partial) > 4000); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    process.send(SIGINT);
    const Outcome outcome = process.wait();
    EXPECT_EQ(outcome.exit_code, 130) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("the same command goes on with it"));
    StreamReader reader(partial.string());
    EXPECT_TRUE(reader.next());
}

TEST_F(EncodeStream, SegmentsStandAlone) {
    const Outcome outcome = runner.run(command("b.ltv", {"--segments", "1..1"}));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    StreamReader reader((runner.folder / "b.ltv").string());
    EXPECT_EQ(reader.info().first_frame, 2);
    EXPECT_TRUE(reader.frame_count() == 2);
}

TEST_F(EncodeStream, FollowsARecordingUntilItsEnd) {
    Subprocess process(
        [&] {
            auto arguments = command("a.ltv", {"--follow", "--frames", "4"});
            arguments.insert(arguments.begin(), LONGTAKE_BINARY);
            return arguments;
        }(),
        runner.options);
    const Outcome outcome = process.wait();
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("a.ltv: 4 frames, "));
    EXPECT_THAT(outcome.err, HasSubstr("frames behind the recording"));
}

TEST_F(EncodeStream, BadInput) {
    expect_refused(runner, command("a.ltv", {"--segments", "3"}), "--segments 3");
    expect_refused(runner, command("a.ltv", {"--segments", "2..1"}), "--segments 2..1");
    expect_refused(runner, command("a.ltv", {"--latents", "0"}), "--latents 0");
    expect_refused(runner, command("a.ltv", {"--fps", "no"}), "no");
    expect_refused(runner, command("a.xyz"), "-o a.xyz");
    const Outcome missing = runner.run(command("a.ltv", {"--frame", "7"}));
    EXPECT_EQ(missing.exit_code, 2);
    EXPECT_THAT(missing.err, HasSubstr("view_00 has no frame 7"));
}

}  // namespace
}  // namespace longtake
