#include "core/image.h"
#include "generator/take_record.h"
#include "tests/tools/display.h"
#include "tests/tools/longtake_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <thread>

namespace longtake {
namespace {

using ::testing::HasSubstr;

std::string validation() {
    const char* wanted = std::getenv("LONGTAKE_TEST_VALIDATION");
    return wanted != nullptr ? wanted : "core";
}

// `longtake view` in a real window, under the validation layer.
class WindowTest : public ::testing::Test {
  protected:
    void SetUp() override {
        display_ = Display::open();
        if (!display_) {
            GTEST_SKIP() << "no Xvfb or xdotool here";
        }
        runner_.options.environment["DISPLAY"] = display_->name();
        runner_.options.environment["XDG_CONFIG_HOME"] = (runner_.folder / "config").string();
    }
    void start(const std::vector<std::string>& what = {"--prompt", "a red ball"}) {
        std::vector<std::string> arguments{LONGTAKE_BINARY, "view", "--validate", validation()};
        arguments.insert(arguments.end(), what.begin(), what.end());
        viewer_ = std::make_unique<Subprocess>(arguments, runner_.options);
        ASSERT_TRUE(comes_true([&] { return display_->act("search --name '^Longtake$'"); }));
        std::this_thread::sleep_for(std::chrono::seconds(1));
    }
    bool has(const std::string& name) const {
        return std::filesystem::exists(runner_.folder / name);
    }
    // Until it says so: a press may fall into a moment when the window is not ready.
    void quit() {
        display_->act("key ctrl+q");
        const Outcome outcome = viewer_->wait();
        EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
        EXPECT_EQ(outcome.err, "");
    }

    Runner runner_;
    std::unique_ptr<Display> display_;
    std::unique_ptr<Subprocess> viewer_;
};

// A prompt is typed, the take recorded; the recording says so and can be made again.
TEST_F(WindowTest, APromptIsTypedAndTheTakeRecorded) {
    start();
    display_->act("key ctrl+r");
    ASSERT_TRUE(comes_true([&] { return has("longtake-001.json"); }));
    display_->act("key Return sleep 1 type --delay 120 'a blue cube'");
    display_->act("sleep 1 key Return");
    const auto changes = [&] {
        return generator::TakeRecord::read(runner_.folder / "longtake-001.json").changes;
    };
    ASSERT_TRUE(comes_true([&] { return changes().size() > 1; }));
    EXPECT_EQ(changes()[0].prompt, "a red ball");
    EXPECT_EQ(changes()[1].prompt, "a blue cube");
    display_->act("key ctrl+r");
    ASSERT_TRUE(comes_true([&] { return has("longtake-001.mkv"); }));
    quit();
    const Outcome again =
        runner_.run({"generate", "--replay", "longtake-001.json", "-o", "again.mkv"});
    EXPECT_EQ(again.exit_code, 0) << again.err;
    const Tensor a = read_video((runner_.folder / "longtake-001.mkv").string(), 100'000);
    const Tensor b = read_video((runner_.folder / "again.mkv").string(), 100'000);
    ASSERT_EQ(a.shape(), b.shape());
    EXPECT_TRUE(std::ranges::equal(a.values<uint8_t>(), b.values<uint8_t>()));
    // And the prompt is remembered.
    std::ifstream settings(runner_.folder / "config/longtake/viewer.json");
    const std::string text{std::istreambuf_iterator<char>(settings), {}};
    EXPECT_THAT(text, HasSubstr("a blue cube"));
}

TEST_F(WindowTest, ClicksPauseAndResizingIsSurvived) {
    start();
    display_->act("mousemove 30 623 sleep 0.3 click 1 sleep 1");  // the pause button
    display_->act("key F12");
    ASSERT_TRUE(comes_true([&] { return has("longtake-001.png"); }));
    std::this_thread::sleep_for(std::chrono::seconds(1));
    display_->act("key F12");
    ASSERT_TRUE(comes_true([&] { return has("longtake-002.png"); }));
    for (const char* size : {"900 600", "500 700", "1300 800"}) {
        display_->act(std::string("search --name '^Longtake$' windowsize ") + size + " sleep 0.3");
    }
    display_->act("key F1 sleep 0.3 key F12");
    ASSERT_TRUE(comes_true([&] { return has("longtake-003.png"); }));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    quit();
    const Tensor first = read_png(runner_.folder / "longtake-001.png");
    const Tensor second = read_png(runner_.folder / "longtake-002.png");
    ASSERT_EQ(first.shape(), second.shape());
    // The picture stands still: its upper part, above notices.
    const auto upper = [](const Tensor& t) { return t.slice(60, 300); };
    int64_t different = 0;
    for (int64_t y = 0; y < 240; ++y) {
        const auto a = upper(first).slice(y, y + 1), b = upper(second).slice(y, y + 1);
        different += std::memcmp(a.raw(), b.raw(), 3 * 900) != 0;
    }
    EXPECT_EQ(different, 0);
    EXPECT_EQ(read_png(runner_.folder / "longtake-003.png").extent(1), 1300);
}

// The hand turns the scene and keys fly; a take comes in its place, and the stream again.
TEST_F(WindowTest, AStreamIsWalkedAroundIn) {
    start({(std::filesystem::path(LONGTAKE_ASSETS) / "streams/toyworld.ltv").string()});
    const auto shot = [&](const std::string& keys, const std::string& name) {
        display_->act(keys + " sleep 0.5 key F12");
        EXPECT_TRUE(comes_true([&] { return has(name + ".png"); })) << name;
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        return read_png(runner_.folder / (name + ".png")).slice(60, 300);
    };
    const auto same = [](const Tensor& a, const Tensor& b) {
        return a.shape() == b.shape() &&
               std::ranges::equal(a.values<uint8_t>(), b.values<uint8_t>());
    };
    const Tensor still = shot("key space", "longtake-001");
    const Tensor turned =
        shot("mousemove 300 300 mousedown 1 sleep 0.2 mousemove 400 330 sleep 0.2 mouseup 1",
             "longtake-002");
    EXPECT_FALSE(same(still, turned));
    EXPECT_FALSE(same(turned, shot("keydown w sleep 0.5 keyup w", "longtake-003")));
    display_->act("key k key ctrl+s");
    EXPECT_TRUE(comes_true([&] { return has("longtake-004.path.json"); }));
    EXPECT_FALSE(same(turned, shot("key n sleep 3", "longtake-005")));
    quit();
}

TEST(View, FollowsAScriptWithoutADisplay) {
    Runner runner;
    std::ofstream(runner.folder / "a.ui")
        << "frames 20\nkey 2\nframes 40\nkey Ctrl+R\nframes 60\nshot view.png\n";
    const Outcome outcome = runner.run({"view", "--headless", "--script", "a.ui", "--size",
                                        "640x400", "-o", "view.mp4", "--validate", validation()});
    if (outcome.err.find("no device") != std::string::npos ||
        outcome.err.find("Vulkan driver") != std::string::npos) {
        GTEST_SKIP() << outcome.err;
    }
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(read_png(runner.folder / "view.png").extent(1), 640);
    EXPECT_GT(runner.frames_of("view.mp4"), 60);
    const auto record = generator::TakeRecord::read(runner.folder / "longtake-001.json");
    EXPECT_EQ(record.changes.size(), 2u);
}

TEST(View, PlaysAStreamWithoutADisplay) {
    Runner runner;
    std::ofstream(runner.folder / "a.ui")
        << "frames 5\nkey K\ndrag 100 100 160 120\nkey K\nkey Ctrl+S\nshot view.png\n";
    const std::string stream =
        (std::filesystem::path(LONGTAKE_ASSETS) / "streams/toyworld.ltv").string();
    const Outcome outcome = runner.run({"view", stream, "--headless", "--script", "a.ui", "--size",
                                        "480x320", "--validate", validation()});
    if (outcome.err.find("no device") != std::string::npos ||
        outcome.err.find("Vulkan driver") != std::string::npos) {
        GTEST_SKIP() << outcome.err;
    }
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(read_png(runner.folder / "view.png").extent(1), 480);
    // The path is what `render` follows.
    const Outcome rendered = runner.run({"render", stream, "--path", "longtake-001.path.json",
                                         "--size", "128x96", "--seconds", "0.25", "-o", "a.mp4"});
    EXPECT_EQ(rendered.exit_code, 0) << rendered.err;
    EXPECT_EQ(runner.frames_of("a.mp4"), 4);
}

TEST(View, SaysWhatIsMissing) {
    Runner runner;
    const auto refused = [&](std::vector<std::string> arguments, const std::string& reason) {
        const Outcome outcome = runner.run(arguments);
        EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
        EXPECT_EQ(lines(outcome.err), 1u) << outcome.err;
        EXPECT_THAT(outcome.err, HasSubstr(reason));
    };
    std::ofstream(runner.folder / "good.ui") << "wait 0.1\n";
    std::ofstream(runner.folder / "bad.ui") << "jump\n";
    runner.options.environment["DISPLAY"] = "";
    runner.options.environment["WAYLAND_DISPLAY"] = "";
    refused({"view"}, "--headless");
    refused({"view", "--headless"}, "go together");
    refused({"view", "--headless", "--script", "bad.ui"}, "bad.ui:1");
    refused({"view", "--headless", "--script", "none.ui"}, "none.ui");
    refused({"view", "--headless", "--script", "good.ui", "--size", "9"}, "--size 9");
    refused({"view", "--headless", "--script", "good.ui", "--cache", "x"}, "no policy 'x'");
    refused({"view", "--headless", "--script", "good.ui", "--model", "none"}, "none");
    refused({"view", "-o", "a.mp4"}, "Ctrl R");
    std::ofstream(runner.folder / "a.ply") << "nonsense";
    std::filesystem::create_directory(runner.folder / "empty");
    for (const char* name : {"none.ltv", "a.ply", "empty"}) {
        refused({"view", name, "--headless", "--script", "good.ui"}, name);
    }
    runner.options.environment["VK_ICD_FILENAMES"] = "/nowhere.json";
    runner.options.environment["VK_DRIVER_FILES"] = "/nowhere.json";
    refused({"view", "--headless", "--script", "good.ui"}, "mesa-vulkan-drivers");
}

}  // namespace
}  // namespace longtake
