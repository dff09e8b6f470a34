#include "interactive/volume/volume_screen.h"

#include "core/error.h"
#include "core/image.h"
#include "interactive/headless.h"
#include "interactive/viewer.h"
#include "tests/core/temporary_folder.h"
#include "tests/interactive/fake_maker.h"
#include "tests/render/golden.h"
#include "tests/render/vulkan_test.h"

#include <gmock/gmock.h>

#include <fstream>

namespace longtake::interactive {
namespace {

const std::string kStream =
    (std::filesystem::path(LONGTAKE_ASSETS) / "streams/toyworld.ltv").string();

// The bundled stream without a display.
class VolumeScreenTest : public render::VulkanTest {
  protected:
    Tensor shot_after(const std::string& script, const std::string& address = kStream,
                      int width = 960, int height = 600, const Settings& settings = {}) {
        std::ofstream(folder_ / "a.ui")
            << "figures off\n"
            << script << "\nshot " << (folder_ / "shot.png").string() << "\n";
        HeadlessOptions headless;
        headless.width = width;
        headless.height = height;
        const char* wanted = std::getenv("LONGTAKE_TEST_VALIDATION");
        headless.validation = wanted != nullptr && std::string(wanted) == "synchronization"
                                  ? render::Validation::Synchronization
                                  : render::Validation::Core;
        ScreenOptions options;
        options.folder = folder_.path();
        options.sample = kStream;
        options.settings = settings;
        run_headless(address, options, screen_of, read_ui_script(folder_ / "a.ui"), headless);
        return read_png(folder_ / "shot.png");
    }

    std::string shot(size_t i) const { return (folder_ / fmt::format("{}.png", i)).string(); }

    static std::unique_ptr<Screen> screen_of(const std::string& address, ScreenOptions options,
                                             double now) {
        if (!address.empty()) {
            return std::make_unique<VolumeScreen>(std::move(options), VolumeSource::open(address),
                                                  now);
        }
        ViewerOptions live;
        live.screen = std::move(options);
        live.width = 64;
        live.height = 36;
        live.model = "fake";
        return std::make_unique<Viewer>(
            std::move(live),
            [](generator::ControlQueue& controls, Recorder&) {
                return std::make_unique<FakeMaker>(controls, 36, 64);
            },
            now);
    }

    TemporaryFolder folder_;
};

TEST_F(VolumeScreenTest, LooksAsItDid) {
    expect_golden(shot_after("frames 10\nkey Space\nwait 1"), "volume", device().name(), 38);
    expect_golden(shot_after("frames 10\nkey Space\nkey G\nkey J\nkey B\nkey K\ndrag 300 200 380 "
                             "240\nkey K\nwait 1"),
                  "volume_gates", device().name(), 38);
}

TEST_F(VolumeScreenTest, TheSameScriptGivesTheSamePicture) {
    const std::string script = "frames 20\ndrag 200 200 300 250\nkey V\nframes 30\nkey Space";
    const Tensor first = shot_after(script);
    EXPECT_EQ(psnr(first, shot_after(script)), 99);
}

TEST_F(VolumeScreenTest, KeysChangeThePicture) {
    const std::vector<std::string> keys{"Tab", "Tab", "T", "I",     "I",     "F1", "F1",  "Period",
                                        "V",   "V",   "G", "Z",     "Z",     "J",  "B",   "C",
                                        "K",   "F",   "L", "Right", "Comma", "H",  "Home"};
    std::string script = "frames 10\nkey Space\nwait 1\n";
    for (size_t i = 0; i < keys.size(); ++i) {
        script += fmt::format("shot {}\nkey {}\nwait 0.2\n", shot(i), keys[i]);
    }
    const Tensor last =
        shot_after(script + "shot " + shot(keys.size()) + "\nwait 2", kStream, 600, 375);
    EXPECT_EQ(psnr(last, read_png(shot(keys.size()))), 99);  // paused
    for (size_t i = 0; i < keys.size(); ++i) {
        EXPECT_LT(psnr(read_png(shot(i)), read_png(shot(i + 1))), 60) << keys[i];
    }
}

TEST_F(VolumeScreenTest, HowASceneWasLookedAtIsRemembered) {
    VolumeScreen screen(ScreenOptions(), VolumeSource::open(kStream), 0);
    for (const Action action :
         {Action::Depth, Action::Guides, Action::Harmonics, Action::Slower, Action::Loop}) {
        screen.act(action);
    }
    const Settings kept = screen.settings();
    EXPECT_EQ(kept.look, (VolumeLook{.sh_degree = 0, .depth = true, .guides = true}));
    EXPECT_EQ(kept.speed, 0.5);
    EXPECT_FALSE(kept.loop);
    const std::string still = "frames 10\nkey Space\nwait 1\n";
    const Tensor again = shot_after(still, kStream, 960, 600, kept);
    EXPECT_EQ(psnr(shot_after("key Z\nkey J\nkey H\nkey Down\nkey L\n" + still), again), 99);
    EXPECT_LT(psnr(shot_after(still), again), 30);
}

TEST_F(VolumeScreenTest, TheHandTurnsShiftsAndComesNearer) {
    const std::string still = "frames 10\nkey Space\nwait 1\n";
    const Tensor plain = shot_after(still + "move 5 5");
    const Tensor turned = shot_after(still + "drag 300 200 400 200\nmove 5 5");
    EXPECT_LT(psnr(plain, turned), 30);
    EXPECT_GT(psnr(plain, shot_after(still + "drag 300 200 400 200\ndrag 400 200 300 200\nmove "
                                             "5 5")),
              45);  // and back
    EXPECT_GT(psnr(plain, shot_after(still + "drag 300 200 400 200\nkey R\nmove 5 5")), 45);
    // On a panel it does not.
    EXPECT_GT(psnr(plain, shot_after(still + "drag 300 585 400 585\nmove 5 5")), 30);
}

// The strip below is a way to any moment.
TEST_F(VolumeScreenTest, ScrubsByThePointer) {
    const std::string still = "frames 10\nkey Space\nwait 1\n";
    const Tensor home = shot_after(still + "key Home\nwait 0.2\nmove 5 5\nwait 0.2");
    EXPECT_EQ(psnr(home, shot_after(still + "click 20 510\nwait 0.2\nmove 5 5\nwait 0.2")), 99);
    EXPECT_LT(psnr(home, shot_after(still + "click 500 510\nwait 0.2\nmove 5 5\nwait 0.2")), 45);
}

TEST_F(VolumeScreenTest, APathIsSavedForRender) {
    shot_after("frames 3\nkey K\ndrag 200 200 300 200\nkey K\nkey Ctrl+S\nkey P\nwait 3");
    const auto cameras =
        gaussians::read_camera_path(folder_ / "longtake-001.path.json",
                                    {.width = 64, .height = 48, .frame_rate = 1, .seconds = {}});
    EXPECT_EQ(cameras.size(), 2U);
}

TEST_F(VolumeScreenTest, WhatIsDroppedIsOpened) {
    const Tensor at_once = shot_after("frames 12\nkey Space\nwait 0.5");
    EXPECT_EQ(
        psnr(at_once, shot_after("frames 3\nkey O\nwait 0.1\nframes 12\nkey Space\nwait 0.5", "")),
        99);
    EXPECT_EQ(psnr(at_once, shot_after("frames 3\ndrop " + kStream +
                                           "\nwait 0.1\nframes 12\nkey Space\nwait 0.5",
                                       "")),
              99);
    // What cannot be opened is said, and all goes on.
    const Tensor refused = shot_after("drop /does/not/exist.ltv\nframes 12\nkey Space\nwait 0.5");
    EXPECT_LT(psnr(at_once, refused), 45);
    EXPECT_GT(psnr(at_once, refused), 15);
    // And back to a take.
    const Tensor live = shot_after("frames 3\nkey N\nwait 0.1\nframes 12\nkey Space\nwait 0.5");
    EXPECT_LT(psnr(at_once, live), 20);
}

TEST_F(VolumeScreenTest, FitsAnyWindow) {
    for (const auto& [width, height] : {std::pair{480, 320}, {2000, 400}, {500, 1400}}) {
        const Tensor shot = shot_after("frames 5\nkey F1\nwait 0.1", kStream, width, height);
        EXPECT_EQ(shot.extent(1), width);
        EXPECT_EQ(shot.extent(0), height);
    }
}

}  // namespace
}  // namespace longtake::interactive
