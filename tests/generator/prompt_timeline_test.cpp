#include "generator/control/prompt_timeline.h"

#include "core/error.h"
#include "core/file.h"
#include "generator/control/time_text.h"
#include "tests/core/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace longtake::generator {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(TimeText, ReadsTheUsualSpellings) {
    EXPECT_EQ(parse_time("90"), 90);
    EXPECT_EQ(parse_time("90s"), 90);
    EXPECT_EQ(parse_time("1.5s"), 1.5);
    EXPECT_EQ(parse_time("2m"), 120);
    EXPECT_EQ(parse_time("1m30s"), 90);
    EXPECT_EQ(parse_time("1h5m"), 3900);
    EXPECT_EQ(parse_time("01:30"), 90);
    EXPECT_EQ(parse_time("1:02:03.5"), 3723.5);
    EXPECT_EQ(parse_time("0"), 0);
}

TEST(TimeText, RefusesEverythingElse) {
    for (const char* text :
         {"", "s", "-5s", "5x", "30s1m", "1m30", "1:75", "1:2:3:4", "1:", ":30", "1.2.3s", "1e3",
          "5 s", "nan", "inf", "0x10", "1ss", "5s!", "99999999999999999999s"}) {
        EXPECT_EQ(parse_time(text), std::nullopt) << text;
    }
}

TEST(PromptTimeline, APlainPromptIsOnePrompt) {
    for (const char* text :
         {"a red ball", "  a red ball\n", "note: a red ball", "!: what", "3 red balls: a study",
          "a ratio of 16:9", "10:30 at night in a town"}) {
        const auto timeline = PromptTimeline::parse(text);
        ASSERT_EQ(timeline.changes().size(), 1u) << text;
        EXPECT_EQ(timeline.changes()[0].seconds, 0);
        EXPECT_FALSE(timeline.changes()[0].cut);
    }
    EXPECT_EQ(PromptTimeline::parse("  a red ball\n").changes()[0].text, "a red ball");
}

TEST(PromptTimeline, ReadsEntries) {
    const auto timeline =
        PromptTimeline::parse("0s: a red ball | 10s: a cube: blue |01:30!: night|2m:rain");
    const auto changes = timeline.changes();
    ASSERT_EQ(changes.size(), 4u);
    EXPECT_EQ(changes[0].text, "a red ball");
    EXPECT_EQ(changes[1].seconds, 10);
    EXPECT_EQ(changes[1].text, "a cube: blue");
    EXPECT_FALSE(changes[1].cut);
    EXPECT_EQ(changes[2].seconds, 90);
    EXPECT_EQ(changes[2].text, "night");
    EXPECT_TRUE(changes[2].cut);
    EXPECT_EQ(changes[3].seconds, 120);
    EXPECT_EQ(changes[3].text, "rain");
}

TEST(PromptTimeline, TheFirstTimeMayBeLeftOut) {
    const auto timeline = PromptTimeline::parse("a ball | 5s: a cube");
    ASSERT_EQ(timeline.changes().size(), 2u);
    EXPECT_EQ(timeline.changes()[0].text, "a ball");
}

TEST(PromptTimeline, WhatIsWrittenIsRead) {
    const TemporaryFolder folder;
    const auto path = folder / "prompts.txt";
    const std::vector<PromptChange> changes{
        {0, "a red\nball: 3 | 4", false}, {2.25, "10s: # a cube", true}, {75, "night", false}};
    PromptTimeline::write(path, changes);
    const auto timeline = PromptTimeline::read(path);
    const auto read = timeline.changes();
    ASSERT_EQ(read.size(), 3u);
    EXPECT_EQ(read[0].text, "a red ball: 3 | 4");
    for (size_t i = 1; i < 3; ++i) {
        EXPECT_EQ(read[i].text, changes[i].text);
        EXPECT_EQ(read[i].seconds, changes[i].seconds);
        EXPECT_EQ(read[i].cut, changes[i].cut);
    }
}

TEST(PromptTimeline, ChangesTakeEffectAtTheNextBorder) {
    const auto timeline = PromptTimeline::parse("a | 1s: b | 1.2s: c | 3s: d");
    EXPECT_EQ(timeline.at(0), 0u);
    EXPECT_EQ(timeline.at(0.75), 0u);
    EXPECT_EQ(timeline.at(1.0), 1u);
    EXPECT_EQ(timeline.at(1.5), 2u);  // b was overtaken before its border came
    EXPECT_EQ(timeline.at(1e6), 3u);
}

std::string prompt_complaint(std::string_view text) {
    try {
        PromptTimeline::parse(text);
    } catch (const InputError& e) {
        return e.what();
    }
    return "accepted";
}

TEST(PromptTimeline, SaysWhatIsWrong) {
    EXPECT_THAT(prompt_complaint(""), HasSubstr("the prompt is empty"));
    EXPECT_THAT(prompt_complaint("  \n "), HasSubstr("the prompt is empty"));
    EXPECT_THAT(prompt_complaint("0s: a | "), AllOf(HasSubstr("entry 2"), HasSubstr("no time")));
    EXPECT_THAT(prompt_complaint("0s: a | 5s:"), AllOf(HasSubstr("entry 2"), HasSubstr("empty")));
    EXPECT_THAT(prompt_complaint("a | b"), HasSubstr("no time before 'b'"));
    EXPECT_THAT(prompt_complaint("0s: a | 10s: b | 9s: c"),
                HasSubstr("9s does not come after 10s"));
    EXPECT_THAT(prompt_complaint("0s: a | 10s: b | 10s: c"), HasSubstr("does not come after"));
    EXPECT_THAT(prompt_complaint("5s: a"), HasSubstr("must begin at 0s"));
    EXPECT_THAT(prompt_complaint("0s: a | 5x: b"), HasSubstr("'5x' is not a time"));
    EXPECT_THAT(prompt_complaint("0s: a | -5s: b"), HasSubstr("'-5s' is not a time"));
    EXPECT_THAT(prompt_complaint("0s: a | 1:75: b"), HasSubstr("'1:75' is not a time"));
}

TEST(PromptTimeline, ReadsFiles) {
    const TemporaryFolder folder;
    const auto file = folder / "script.txt";
    const auto write = [&](std::string_view text) {
        AtomicFile out(file);
        out.write(text);
        out.commit();
    };
    write("\xEF\xBB\xBF# a day\r\n0s: dawn | birds\r\n\r\n  # noon\n1m!: noon");
    const auto timeline = PromptTimeline::read(file);
    ASSERT_EQ(timeline.changes().size(), 2u);
    EXPECT_EQ(timeline.changes()[0].text, "dawn | birds");
    EXPECT_EQ(timeline.changes()[1].text, "noon");
    EXPECT_TRUE(timeline.changes()[1].cut);

    write("0s: a\n\n5s: b\n4s: c\n");
    try {
        PromptTimeline::read(file);
        FAIL() << "accepted";
    } catch (const InputError& e) {
        EXPECT_THAT(e.what(), HasSubstr("script.txt:4: 4s does not come after 5s"));
    }
    write("# nothing\n");
    EXPECT_THROW(PromptTimeline::read(file), InputError);
    EXPECT_THROW(PromptTimeline::read(folder / "missing.txt"), InputError);
}

}  // namespace
}  // namespace longtake::generator
