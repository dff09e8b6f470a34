#include "core/error.h"
#include "gaussians/codec/stream_reader.h"
#include "tests/faults/kill.h"
#include "tests/tools/recording.h"

// `encode` and `convert`, killed at random moments.
namespace longtake {
namespace {

namespace fs = std::filesystem;
using gaussians::StreamReader;

constexpr int kPeriod = 2;  // frames from key to key

class StreamKilled : public Recording {
  protected:
    std::vector<std::string> encode(const std::string& output) const {
        std::vector<std::string> all =
            command(output, {"--preset", "s", "--key-every", std::to_string(kPeriod)});
        all.insert(all.begin(), LONGTAKE_BINARY);
        return all;
    }
    bool exists(const std::string& name) const { return fs::exists(runner.folder / name); }
    Outcome finished(const std::vector<std::string>& what) const {
        return Subprocess(what, runner.options).wait();
    }
};

// Each time it goes on; no frame of a whole segment is ever lost, and in the end it is bit for bit
// what nobody disturbed.
TEST_F(StreamKilled, EncodeGoesOnAfterEachKill) {
    const auto time = time_of([&] { EXPECT_EQ(finished(encode("whole.ltv")).exit_code, 0); });
    Moments moments(time);
    int64_t before = 0;
    for (int i = 0; i < kills(); ++i) {
        killed_after(encode("killed.ltv"), runner.options, moments.next());
        if (exists("killed.ltv")) {
            EXPECT_EQ(bytes("killed.ltv"), bytes("whole.ltv"));
            fs::remove(runner.folder / "killed.ltv");
            before = 0;
        }
        int64_t frames = 0;
        if (exists("killed.ltv.partial") &&
            before + fs::file_size(runner.folder / "killed.ltv.partial") > 0) {
            StreamReader reader((runner.folder / "killed.ltv.partial").string(), {.verify = true});
            while (reader.next()) {
                ++frames;
            }
        }
        // What a process that goes on has cut off by then are frames behind the last key.
        const int64_t last_key = std::max<int64_t>(0, before - 1) / kPeriod * kPeriod;
        EXPECT_GE(frames, last_key);
        before = frames;
    }
    const Outcome outcome = finished(encode("killed.ltv"));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(bytes("killed.ltv"), bytes("whole.ltv"));
    EXPECT_FALSE(exists("killed.ltv.partial"));
}

// What a kill leaves of a head is nothing to go on with, and nothing in the way.
TEST_F(StreamKilled, EncodeBeginsAnewBehindHalfAHead) {
    ASSERT_EQ(finished(encode("whole.ltv")).exit_code, 0);
    for (const size_t size : {0, 9, 45}) {
        std::ofstream(runner.folder / "a.ltv.partial", std::ios::binary)
            << bytes("whole.ltv").substr(0, size);
        const Outcome outcome = finished(encode("a.ltv"));
        EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
        EXPECT_EQ(bytes("a.ltv"), bytes("whole.ltv"));
        fs::remove(runner.folder / "a.ltv");
    }
}

TEST_F(StreamKilled, ConvertLeavesAWholeFileOrNone) {
    fs::create_directory(runner.folder / "clouds");
    for (int i = 0; i < 12; ++i) {
        fs::copy(fs::path(LONGTAKE_TEST_FIXTURES) / "splats/odd.ply",
                 runner.folder / fmt::format("clouds/{:02}.ply", i));
    }
    const fs::path checkpoint =
        fs::path(LONGTAKE_TEST_FIXTURES) / "checkpoints/self_forcing_dmd.pt";
    const std::vector<std::pair<std::string, std::string>> conversions{
        {"clouds/*.ply", "ltv"}, {"a.spz", "ply"}, {checkpoint.string(), "safetensors"}};
    for (const auto& [from, extension] : conversions) {
        const auto convert = [&, from = from](const std::string& to) {
            return std::vector<std::string>{LONGTAKE_BINARY, "convert", from, "-o", to};
        };
        const std::string whole = "whole." + extension, killed = "killed." + extension;
        const auto time = time_of([&] { EXPECT_EQ(finished(convert(whole)).exit_code, 0); });
        Moments moments(time);
        for (int i = 0; i < kills(); ++i) {
            killed_after(convert(killed), runner.options, moments.next());
            if (exists(killed)) {
                EXPECT_EQ(bytes(killed), bytes(whole));
                fs::remove(runner.folder / killed);
            }
        }
        EXPECT_EQ(finished(convert(killed)).exit_code, 0);
        EXPECT_EQ(bytes(killed), bytes(whole));
    }
}

}  // namespace
}  // namespace longtake
