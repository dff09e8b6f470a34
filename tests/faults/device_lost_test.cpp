#include "tests/faults/failing_calls.h"

#include <gmock/gmock.h>

// The graphics device goes away: the program says so in a line and ends, wherever it was.
namespace longtake {
namespace {

using ::testing::MatchesRegex;

class DeviceLost : public testing::Test {
  protected:
    Outcome view(std::vector<std::string> more, const std::string& script,
                 const std::string& function, int at) {
        std::ofstream(runner.folder / "a.ui") << script;
        std::vector<std::string> all{LONGTAKE_BINARY, "view",    "--headless", "--script", "a.ui",
                                     "--size",        "320x200", "-o",         "seen.mkv"};
        all.insert(all.end(), more.begin(), more.end());
        return Subprocess(all, failing(runner, function, at)).wait();
    }
    // Calls where nothing fails; 0 without a device.
    int calls(const std::vector<std::string>& more, const std::string& script,
              const std::string& function) {
        const Outcome outcome = view(more, script, function, 0);
        const bool none = outcome.err.find("no device") != std::string::npos ||
                          outcome.err.find("Vulkan driver") != std::string::npos;
        EXPECT_TRUE(none || outcome.exit_code == 0) << outcome.err;
        return none ? 0 : counted_calls(runner);
    }
    static void expect_said(const Outcome& outcome) {
        EXPECT_EQ(outcome.signal, 0);
        EXPECT_EQ(outcome.exit_code, 1);
        EXPECT_THAT(complaint(outcome),
                    MatchesRegex("longtake: the graphics device was lost \\(.*\\); start anew\n"));
    }

    const Runner runner;
};

TEST_F(DeviceLost, WhileAStreamPlays) {
    const std::vector<std::string> stream{LONGTAKE_ASSETS "/streams/toyworld.ltv"};
    const std::string script = "frames 8\nkey K\nframes 4\n";
    for (const char* function : {"vkQueueSubmit2", "vkWaitSemaphores"}) {
        const int all = calls(stream, script, function);
        if (all == 0) {
            GTEST_SKIP() << "no Vulkan device";
        }
        for (const int at : {1, 2, all / 2, all}) {
            SCOPED_TRACE(fmt::format("{} number {} of {}", function, at, all));
            expect_said(view(stream, script, function, at));
        }
    }
}

// What was recorded until then is there, and plays.
TEST_F(DeviceLost, WhileATakeIsRecorded) {
    const std::string script = "frames 4\nkey Ctrl+R\nframes 60\n";
    const int all = calls({}, script, "vkQueueSubmit2");
    if (all == 0) {
        GTEST_SKIP() << "no Vulkan device";
    }
    for (const auto& file : runner.files()) {
        std::filesystem::remove(runner.folder / file);
    }
    expect_said(view({}, script, "vkQueueSubmit2", all - 1));
    EXPECT_GT(runner.frames_of("longtake-001.mkv"), 9);
}

}  // namespace
}  // namespace longtake
