#include "core/error.h"
#include "core/file.h"
#include "core/video_writer.h"
#include "gaussians/codec/stream_reader.h"
#include "tests/gaussians/n3dv_testing.h"
#include "tests/tools/recording.h"
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

class EncodeStream : public Recording {
  protected:
    std::vector<std::string> command(const std::string& output,
                                     const std::vector<std::string>& more = {}) const {
        std::vector<std::string> all =
            Recording::command(output, {"--test", "view_01", "--preset", "s", "--key-every", "2"});
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
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
        for (int i = 0; i < 5000 && frames_there() <= 2; ++i) {
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
    for (int i = 0; i < 6000 && !(fs::exists(partial) && fs::file_size(partial) > 4000); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    process.send(SIGINT);
    const Outcome outcome = process.wait();
    EXPECT_EQ(outcome.exit_code, 130) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("the same command goes on with it"));
    StreamReader reader(partial.string());
    EXPECT_TRUE(reader.next());
}

TEST_F(EncodeStream, TwoProcessesMakeOneStream) {
    const auto start = [&](const std::string& name, const std::string& segments) {
        auto arguments = command(name, {"--segments", segments});
        arguments.insert(arguments.begin(), LONGTAKE_BINARY);
        return Subprocess(arguments, runner.options);
    };
    Subprocess a = start("a.ltv", "0..0"), b = start("b.ltv", "1..2");
    for (Subprocess* process : {&a, &b}) {
        const Outcome outcome = process->wait();
        EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    }
    StreamReader second((runner.folder / "b.ltv").string());
    EXPECT_EQ(second.info().first_frame, 2);
    EXPECT_TRUE(second.frame_count() == 3);
    EXPECT_EQ(runner.run({"concat", "a.ltv", "b.ltv", "-o", "c.ltv"}).exit_code, 0);
    EXPECT_THAT(runner.run({"info", "c.ltv", "--verify"}).out, HasSubstr("verified: all 5 frames"));
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

// Videos in N3DV's layout, of which a part is there at first.
TEST_F(EncodeStream, FollowsVideosThatGrow) {
    const auto folder = [&](const std::string& name) { return runner.folder / name; };
    fs::create_directories(folder("whole"));
    fs::create_directories(folder("grows"));
    std::vector<std::vector<double>> rows;
    std::vector<std::string> videos;
    for (int v = 0; v < kViews; ++v) {
        rows.push_back(gaussians::n3dv_row({.width = kWidth,
                                            .height = kHeight,
                                            .focal = kFocal,
                                            .place = {v - 1., 0, -kDistance}}));
        VideoOptions options;
        options.width = kWidth;
        options.height = kHeight;
        options.codec = "ffv1";
        const fs::path path = folder("whole") / fmt::format("cam{:02}.mkv", v);
        const auto writer = make_frame_writer(path.string(), options);
        for (int t = 0; t < 3 * kFrames; ++t) {
            writer->write(pictures[static_cast<size_t>(v * kFrames + t % kFrames)].reshape(
                {1, kHeight, kWidth, 3}));
        }
        writer->finish();
        videos.push_back(bytes(path.string()));
    }
    const auto write = [&](const std::string& name, size_t v, double share) {
        const std::string& all = videos[v];
        std::ofstream(folder(name) / fmt::format("cam{:02}.mkv", v), std::ios::binary)
            << all.substr(0, static_cast<size_t>(share * static_cast<double>(all.size())));
    };
    for (const char* name : {"whole", "grows"}) {
        std::ofstream(folder(name) / "poses_bounds.npy", std::ios::binary)
            << gaussians::n3dv_rows(rows);
        for (size_t v = 0; v < kViews; ++v) {
            write(name, v, name == std::string("whole") ? 1 : 0.3);
        }
    }
    const auto encode = [&](const std::string& dataset, const std::vector<std::string>& more) {
        auto arguments = command(dataset + ".ltv", {"--test", "cam01", "--frames", "7"});
        arguments[1] = dataset;
        arguments.insert(arguments.end(), more.begin(), more.end());
        arguments.insert(arguments.begin(), LONGTAKE_BINARY);
        std::erase(arguments, "view_01");
        arguments.erase(std::ranges::find(arguments, "--test"));
        return Subprocess(arguments, runner.options);
    };
    EXPECT_EQ(encode("whole", {}).wait().exit_code, 0);
    Subprocess following = encode("grows", {"--follow"});
    const fs::path partial = folder("grows.ltv.partial");
    for (int i = 0; i < 6000 && !(fs::exists(partial) && fs::file_size(partial) > 4000); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    for (size_t v = 0; v < kViews; ++v) {
        write("grows", v, 1);
    }
    const Outcome outcome = following.wait();
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("frames behind the recording"));
    EXPECT_EQ(bytes("grows.ltv"), bytes("whole.ltv"));
}

TEST_F(EncodeStream, AutoKeepsToItsBudget) {
    const auto mean_bytes = [&](const std::string& budget) {
        const Outcome outcome = runner.run(Recording::command(
            "a.ltv", {"--preset", "auto", "--budget", budget, "--key-every", "5", "--fps", "5"}));
        EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
        EXPECT_THAT(outcome.out, ContainsRegex("budget: .* of .* MB/s"));
        StreamReader reader((runner.folder / "a.ltv").string());
        double bytes = 0;
        for (int64_t i = 0; i < kFrames; ++i) {
            bytes += reader.header(i).bytes;
        }
        fs::remove(runner.folder / "a.ltv");
        return bytes;
    };
    const double loose = mean_bytes("1MB/s,60s,8GB"), tight = mean_bytes("6kB/s");
    EXPECT_LT(tight, 6500);
    EXPECT_GT(loose, 1.2 * tight);
}

TEST_F(EncodeStream, BadInput) {
    const auto budget = [&](const std::string& words) {
        return Recording::command("a.ltv", {"--preset", "auto", "--budget", words});
    };
    expect_refused(runner, budget("2MB,3GB"), "--budget 3GB");
    expect_refused(runner, budget("fast"), "--budget fast");
    expect_refused(runner, budget("-2s"), "--budget -2s");
    expect_refused(runner, command("a.ltv", {"--budget", "2s"}), "--preset auto and --budget");
    expect_refused(runner, Recording::command("a.ltv", {"--preset", "auto"}),
                   "--preset auto and --budget");
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
