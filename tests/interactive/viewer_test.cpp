#include "interactive/viewer.h"
#include "core/image.h"
#include "generator/tracks/track_file.h"
#include "interactive/headless.h"
#include "tests/core/temporary_folder.h"
#include "tests/interactive/fake_maker.h"
#include "tests/render/golden.h"
#include "tests/render/vulkan_test.h"

#include <fstream>

namespace longtake::interactive {
namespace {

// The whole viewer without a display, on chunks made out of nothing.
class ViewerTest : public render::VulkanTest {
  protected:
    Tensor shot_after(const std::string& script, Settings settings = {}, float scale = 1,
                      int width = 960, int height = 600) {
        std::ofstream(folder_ / "a.ui")
            << "figures off\n"
            << script << "\nshot " << (folder_ / "shot.png").string() << "\n";
        ViewerOptions options;
        options.width = 64;
        options.height = 36;
        options.screen.folder = folder_.path();
        options.screen.settings = std::move(settings);
        options.presets = {"first preset", "second preset"};
        options.live.prompts = {{0, "a red ball", false}, {4, "a blue cube at night", true}};
        options.model = "fake";
        HeadlessOptions headless;
        headless.width = width;
        headless.height = height;
        headless.scale = scale;
        const char* wanted = std::getenv("LONGTAKE_TEST_VALIDATION");
        headless.validation = wanted != nullptr && std::string(wanted) == "synchronization"
                                  ? render::Validation::Synchronization
                                  : render::Validation::Core;
        run_headless(
            "", options.screen,
            [&](const std::string&, ScreenOptions screen, double now) {
                options.screen = std::move(screen);
                return std::make_unique<Viewer>(
                    options,
                    [](generator::ControlQueue& controls, Recorder&) {
                        return std::make_unique<FakeMaker>(controls, 36, 64);
                    },
                    now);
            },
            read_ui_script(folder_ / "a.ui"), headless);
        return read_png(folder_ / "shot.png");
    }

    TemporaryFolder folder_;
};

TEST_F(ViewerTest, LooksAsItDid) {
    expect_golden(shot_after("frames 30"), "viewer", device().name(), 38);
}

TEST_F(ViewerTest, HelpLooksAsItDid) {
    expect_golden(shot_after("frames 3\nkey F1"), "viewer_help", device().name(), 38);
}

TEST_F(ViewerTest, TheSameScriptGivesTheSamePicture) {
    const std::string script =
        "frames 20\nkey Enter\ntype something\nkey Enter\nframes 50\n"
        "move 100 100";
    const Tensor first = shot_after(script);
    EXPECT_EQ(psnr(first, shot_after(script)), 99);
}

// Keys do what they say, as far as a picture tells.
TEST_F(ViewerTest, KeysChangeThePicture) {
    const Tensor plain = shot_after("frames 30\nkey Space\nwait 1");
    EXPECT_EQ(psnr(plain, shot_after("frames 30\nkey Space\nwait 3")), 99);  // paused
    for (const char* key : {"Tab", "T", "S", "X", "Period", "2", "F1", "R", "G", "C", "L"}) {
        const Tensor other =
            shot_after(std::string("frames 30\nkey Space\nkey ") + key + "\nwait 1");
        EXPECT_LT(psnr(plain, other), 60) << key;
    }
}

TEST_F(ViewerTest, APressOnAButtonIsAsGoodAsItsKey) {
    const Tensor by_key = shot_after("frames 30\nkey Space\nwait 1\nmove 5 5");
    const Tensor by_pointer = shot_after("frames 30\nclick 30 454\nmove 5 5\nwait 1");
    EXPECT_GT(psnr(by_key, by_pointer), 40);
}

TEST_F(ViewerTest, SettingsAreFollowed) {
    Settings settings;
    settings.timeline = settings.sidebar = false;
    EXPECT_EQ(psnr(shot_after("frames 9\nkey T\nkey S\nwait 0\nkey Space\nwait 1"),
                   shot_after("frames 9\nwait 0\nkey Space\nwait 1", settings)) > 20,
              true);
}

TEST_F(ViewerTest, FitsAnyWindow) {
    for (const auto& [width, height] : {std::pair{480, 320}, {2000, 400}, {500, 1400}}) {
        const Tensor shot = shot_after("frames 5", {}, 1, width, height);
        EXPECT_EQ(shot.extent(1), width);
        EXPECT_EQ(shot.extent(0), height);
    }
    expect_golden(shot_after("frames 5", {}, 2, 1280, 900), "viewer_hidpi", device().name(), 38);
}

// A drag, a pin and a path, the tools and the pad; and what the take was asked to follow.
TEST_F(ViewerTest, PaintingLooksAsItDid) {
    const Tensor shot = shot_after(
        "frames 3\nkey P\nclick 500 260\nkey D\ndrag 300 80 560 200\nkey C\nkey G\n"
        "drag 200 330 330 300\nframes 27\nmove 430 330");
    expect_golden(shot, "viewer_painting", device().name(), 38);
}

TEST_F(ViewerTest, WhatWasPaintedIsSavedAndPlaysWhenItIsDropped) {
    shot_after("frames 3\nkey P\nclick 400 200\nframes 40\nkey Ctrl+S\nwait 0.2");
    const auto saved = folder_ / "longtake-001.tracks.npz";
    const generator::Tracks tracks = generator::read_tracks(saved, {64, 36, 16});
    EXPECT_EQ(tracks.frames(), 24);  // from the third chunk on
    EXPECT_GT(tracks.points(), 3);
    EXPECT_EQ(tracks.at(0, 0), tracks.at(23, 0));
    const std::string quiet = "frames 40\nkey Space\nwait 8";
    const Tensor without = shot_after(quiet);
    const Tensor with = shot_after("drop " + saved.string() + "\n" + quiet);
    EXPECT_LT(psnr(without, with), 60);
    EXPECT_GT(psnr(without, with), 20);
}

TEST_F(ViewerTest, TheTimelineIsSavedAsItCanBeDropped) {
    shot_after("frames 30\nkey Ctrl+T\nwait 0.2");
    const auto saved = generator::PromptTimeline::read(folder_ / "longtake-001.txt");
    ASSERT_EQ(saved.changes().size(), 2u);
    EXPECT_EQ(saved.changes()[0].text, "a red ball");
    EXPECT_EQ(saved.changes()[1].text, "a blue cube at night");
    EXPECT_EQ(saved.changes()[1].seconds, 4);
    EXPECT_TRUE(saved.changes()[1].cut);
}

TEST_F(ViewerTest, WhatIsDroppedAndCannotBeReadIsSaid) {
    const Tensor before = shot_after("frames 30\nkey Space\nwait 0.5");
    const Tensor after = shot_after("frames 30\nkey Space\ndrop /does/not/exist.png\nwait 0.5");
    EXPECT_LT(psnr(before, after), 45);  // a line appears
    EXPECT_GT(psnr(before, after), 15);
}

}  // namespace
}  // namespace longtake::interactive
