#include "core/file.h"
#include "tests/faults/failing_calls.h"
#include "tests/tools/display.h"

#include <gmock/gmock.h>

// The graphics device goes away. Another is opened, and what is shown goes on as if nothing had
// been; where that one goes, too, before it has drawn, the program says so in a line and ends.
namespace longtake {
namespace {

using ::testing::MatchesRegex;

class DeviceLost : public testing::Test {
  protected:
    enum class Loss { ForGood, ComesBack };
    Outcome view(std::vector<std::string> more, const std::string& script,
                 const std::string& function, int at, Loss loss = Loss::ForGood) {
        std::ofstream(runner.folder / "a.ui") << script;
        std::vector<std::string> all{LONGTAKE_BINARY, "view",    "--headless", "--script", "a.ui",
                                     "--size",        "320x200", "-o",         "seen.mkv"};
        all.insert(all.end(), more.begin(), more.end());
        Subprocess::Options how = failing(runner, function, at);
        if (loss == Loss::ComesBack) {
            how.environment["LONGTAKE_FAIL_COMES_BACK"] = "1";
        }
        return Subprocess(all, how).wait();
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

TEST_F(DeviceLost, AndBackAStreamGoesOn) {
    const std::vector<std::string> stream{LONGTAKE_ASSETS "/streams/toyworld.ltv"};
    const std::string script = "figures off\nframes 6\nkey K\nframes 9\nshot end.png\n";
    for (const char* function : {"vkQueueSubmit2", "vkWaitSemaphores"}) {
        const int all = calls(stream, script, function);
        if (all == 0) {
            GTEST_SKIP() << "no Vulkan device";
        }
        const std::string picture = read_text(runner.folder / "end.png");
        const int64_t frames = runner.frames_of("seen.mkv");
        expect_said(view(stream, script, function, 1, Loss::ComesBack));  // it has drawn nothing
        for (const int at : {2, all / 2, all}) {
            SCOPED_TRACE(fmt::format("{} number {} of {}", function, at, all));
            const Outcome outcome = view(stream, script, function, at, Loss::ComesBack);
            EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
            EXPECT_TRUE(read_text(runner.folder / "end.png") == picture);
            EXPECT_EQ(runner.frames_of("seen.mkv"), frames);
        }
    }
}

TEST_F(DeviceLost, AndBackAWindowGoesOn) {
    const auto display = Display::open();
    if (!display) {
        GTEST_SKIP() << "no Xvfb or xdotool here";
    }
    Subprocess::Options how = failing(runner, "vkQueueSubmit2", 4);
    how.environment["LONGTAKE_FAIL_COMES_BACK"] = "1";
    how.environment["DISPLAY"] = display->name();
    how.environment["XDG_CONFIG_HOME"] = (runner.folder / "config").string();
    Subprocess viewer({LONGTAKE_BINARY, "view", LONGTAKE_ASSETS "/streams/toyworld.ltv"}, how);
    EXPECT_TRUE(comes_true([&] { return counted_calls(runner) > 8; }));
    EXPECT_TRUE(comes_true([&] {
        display->act("key F12");
        return std::filesystem::exists(runner.folder / "longtake-001.png");
    }));
    display->act("key ctrl+q");
    const Outcome outcome = viewer.wait();
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
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

// The take knows nothing of it.
TEST_F(DeviceLost, AndBackARecordingIsWhole) {
    const std::string script =
        "figures off\nframes 4\nkey Ctrl+R\nframes 60\nkey Ctrl+R\nshot end.png\n";
    const int all = calls({}, script, "vkQueueSubmit2");
    if (all == 0) {
        GTEST_SKIP() << "no Vulkan device";
    }
    const std::string picture = read_text(runner.folder / "end.png");
    const int64_t frames = runner.frames_of("longtake-001.mkv");
    const Outcome outcome = view({}, script, "vkQueueSubmit2", all / 2, Loss::ComesBack);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_TRUE(read_text(runner.folder / "end.png") == picture);
    EXPECT_EQ(runner.frames_of("longtake-002.mkv"), frames);
}

}  // namespace
}  // namespace longtake
