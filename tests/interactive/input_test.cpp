#include "core/error.h"
#include "interactive/actions.h"
#include "interactive/settings.h"
#include "interactive/ui_script.h"
#include "interactive/volume/volume_screen.h"
#include "tests/core/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <tuple>

namespace longtake::interactive {
namespace {

KeyChanged pressed(Key key, Modifiers modifiers = {}) {
    return {key, true, modifiers};
}

TEST(Actions, KeysActUnlessSomebodyTypes) {
    EXPECT_EQ(action_of(live_keys(), pressed(Key::Space), false), Action::PlayPause);
    EXPECT_EQ(action_of(live_keys(), pressed(Key::Space), true), std::nullopt);
    EXPECT_EQ(action_of(live_keys(), pressed(Key::K3), false), Action::Preset3);
    EXPECT_EQ(action_of(live_keys(), pressed(Key::R), true), std::nullopt);
    EXPECT_EQ(action_of(live_keys(), pressed(Key::R, {.ctrl = true}), true), Action::Record);
    EXPECT_EQ(action_of(live_keys(), pressed(Key::Enter), false), Action::FocusPrompt);
    EXPECT_EQ(action_of(live_keys(), pressed(Key::Enter), true), std::nullopt);
    EXPECT_EQ(action_of(live_keys(), pressed(Key::F1), true), Action::Help);
    EXPECT_EQ(action_of(live_keys(), pressed(Key::J), false), std::nullopt);
}

// Everything has a key and words; no key does two things, but for Enter, which depends on where.
TEST(Actions, EveryOneHasAKeyOfItsOwn) {
    std::set<Action> all;
    for (const auto list : {live_keys(), volume_keys()}) {
        std::set<Action> actions;
        std::set<std::tuple<Key, bool, bool, bool>> keys;
        for (const Binding& b : list) {
            EXPECT_TRUE(actions.insert(b.action).second) << b.label;
            EXPECT_FALSE(std::string(b.label).empty());
            EXPECT_FALSE(std::string(b.keys).empty());
            const bool fresh =
                keys.insert({b.key, b.modifiers.ctrl, b.modifiers.shift, b.modifiers.alt}).second;
            EXPECT_TRUE(fresh || b.action == Action::SendPrompt) << b.label;
        }
        all.merge(actions);
    }
    EXPECT_EQ(all.size(), static_cast<size_t>(Action::SavePath) + 1);  // the last one
}

class UiScriptTest : public ::testing::Test {
  protected:
    std::vector<ScriptStep> read(const std::string& text) const {
        std::ofstream(folder_ / "a.ui") << text;
        return read_ui_script(folder_ / "a.ui");
    }
    std::string complaint(const std::string& text) const {
        try {
            read(text);
        } catch (const InputError& e) {
            return e.what();
        }
        return "";
    }

  private:
    TemporaryFolder folder_;
};

TEST_F(UiScriptTest, ReadsWhatItSays) {
    const auto steps = read(
        "# a remark\n\nwait 1.5\nframes 48\nkey Ctrl+Enter\ntype aé\n"
        "click 10 20\nshot a.png\nsize 640 400\ndrop x y.png\nfigures off\n");
    ASSERT_EQ(steps.size(), 13u);
    EXPECT_EQ(std::get<WaitSeconds>(steps[0]).seconds, 1.5);
    EXPECT_EQ(std::get<WaitFrames>(steps[1]).frames, 48);
    const auto key = std::get<KeyChanged>(std::get<InputEvent>(steps[2]));
    EXPECT_EQ(key.key, Key::Enter);
    EXPECT_TRUE(key.down && key.modifiers.ctrl);
    EXPECT_EQ(std::get<TextTyped>(std::get<InputEvent>(steps[5])).character, U'é');
    EXPECT_EQ(std::get<PointerMoved>(std::get<InputEvent>(steps[6])).y, 20);
    EXPECT_EQ(std::get<SaveShot>(steps[9]).path, "a.png");
    EXPECT_EQ(std::get<FilesDropped>(std::get<InputEvent>(steps[11])).paths.front(), "x y.png");
}

TEST_F(UiScriptTest, ComplaintsNameTheLine) {
    using ::testing::HasSubstr;
    EXPECT_THAT(complaint("wait 1\njump 3\n"), HasSubstr("a.ui:2: there is no 'jump'"));
    EXPECT_THAT(complaint("key Strg+A\n"), HasSubstr("a.ui:1: there is no key 'Strg+A'"));
    EXPECT_THAT(complaint("click 10\n"), HasSubstr("'10' is not 2 number(s)"));
    EXPECT_THAT(complaint("wait -1\n"), HasSubstr("out of range"));
    EXPECT_THAT(complaint("shot a.jpg\n"), HasSubstr(".png"));
    EXPECT_THAT(complaint("size 10 10\n"), HasSubstr("10 10"));
    EXPECT_THAT(complaint("\n"), HasSubstr("nothing in it"));
}

TEST(Settings, ComeBackAndSurviveNonsense) {
    const TemporaryFolder folder;
    Settings settings;
    settings.width = 1000;
    settings.timeline = false;
    settings.history = {"a", "b"};
    settings.look = {.sh_degree = 0, .gates = true, .cameras = true};
    settings.speed = 0.5;
    settings.loop = false;
    settings.write(folder / "deep/er/viewer.json");
    const Settings read = Settings::read(folder / "deep/er/viewer.json");
    EXPECT_EQ(read.width, 1000);
    EXPECT_FALSE(read.timeline);
    EXPECT_EQ(read.history, settings.history);
    EXPECT_EQ(read.look, settings.look);
    EXPECT_EQ(read.speed, settings.speed);
    EXPECT_FALSE(read.loop);
    std::ofstream(folder / "bad.json") << "{\"width\": \"wide\"}";
    EXPECT_EQ(Settings::read(folder / "bad.json").width, Settings().width);
    EXPECT_EQ(Settings::read(folder / "none.json").width, Settings().width);
    std::ofstream(folder / "tiny.json") << "{\"width\": 1}";
    EXPECT_GE(Settings::read(folder / "tiny.json").width, 480);
}

}  // namespace
}  // namespace longtake::interactive
