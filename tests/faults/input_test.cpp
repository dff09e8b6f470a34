#include "core/safetensors.h"
#include "gaussians/codec/stream_reader.h"
#include "tests/tools/recording.h"

#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

// What a command reads goes away, becomes shorter, or does not come any more.
namespace longtake {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;

void wait_for(const std::function<bool()>& condition) {
    for (int i = 0; i < 30'000; ++i) {
        if (condition()) {
            return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ADD_FAILURE() << "waited for half a minute in vain";
}

class Input : public Recording {
  protected:
    std::vector<std::string> encode(const std::vector<std::string>& more = {}) const {
        std::vector<std::string> all = command("a.ltv", {"--preset", "s", "--key-every", "2"});
        all.insert(all.begin(), LONGTAKE_BINARY);
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    int64_t frames_of_partial() const {
        const auto partial = runner.folder / "a.ltv.partial";
        if (!fs::exists(partial) || fs::file_size(partial) < 1000) {
            return 0;
        }
        return gaussians::StreamReader(partial.string()).frame_count().value_or(0);
    }
};

TEST_F(Input, PicturesThatVanishAreNamedAndTheStreamGoesOnWhenTheyAreBack) {
    const fs::path picture = runner.folder / "clip/view_01/frame_0004.png",
                   elsewhere = runner.folder / "elsewhere.png";
    Subprocess process(encode(), runner.options);
    wait_for([&] { return frames_of_partial() > 0; });
    fs::rename(picture, elsewhere);
    const Outcome outcome = process.wait();
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("frame_0004.png"), EndsWith("\n")));
    EXPECT_GE(frames_of_partial(), 3);
    fs::rename(elsewhere, picture);
    const Outcome again = Subprocess(encode(), runner.options).wait();
    EXPECT_EQ(again.exit_code, 0) << again.err;
    EXPECT_THAT(again.out, HasSubstr("going on after"));
}

TEST_F(Input, AFeedThatStopsIsWaitedForUntilCtrlC) {
    Subprocess process(encode({"--follow"}), runner.options);
    wait_for([&] { return frames_of_partial() == kFrames - 1; });
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    EXPECT_FALSE(fs::exists(runner.folder / "a.ltv"));
    process.send(SIGINT);
    const Outcome outcome = process.wait();
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    gaussians::StreamReader reader((runner.folder / "a.ltv").string(), {.verify = true});
    EXPECT_EQ(reader.frame_count(), kFrames - 1);
    EXPECT_TRUE(reader.finished());
}

// Tensors are converted one after the other; the file is cut when the first are.
TEST(InputFile, OneThatBecomesShorterWhileItIsReadIsNamed) {
    const Runner runner;
    constexpr int64_t kRows = 1 << 10;
    std::vector<std::pair<std::string, Tensor>> tensors{
        {"patch_embedding.weight", Tensor::zeros({4, 4})}};
    for (int i = 0; i < 40; ++i) {
        tensors.emplace_back(fmt::format("blocks.{}.attn1.to_q.weight", i),
                             Tensor::zeros({kRows, kRows}));
    }
    const auto file = runner.folder / "large.safetensors";
    write_safetensors(file, tensors);
    Subprocess process(
        {LONGTAKE_BINARY, "convert", file.string(), "-o", "small.safetensors", "--dtype", "bf16"},
        runner.options);
    const auto written = [&] {
        uintmax_t bytes = 0;
        for (const auto& entry : fs::directory_iterator(runner.folder.path())) {
            std::error_code gone;
            const uintmax_t size = fs::file_size(entry.path(), gone);
            bytes += !gone && entry.path().filename().string().starts_with("small.") ? size : 0;
        }
        return bytes;
    };
    wait_for([&] { return written() >= 2 * kRows * kRows; });
    fs::resize_file(file, 4096);
    const Outcome outcome = process.wait();
    EXPECT_EQ(outcome.exit_code, 2) << outcome.signal;
    EXPECT_THAT(outcome.err,
                AllOf(HasSubstr("longtake: /"), HasSubstr("large.safetensors: became shorter")));
    EXPECT_FALSE(fs::exists(runner.folder / "small.safetensors"));
}

}  // namespace
}  // namespace longtake
