#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>

#include "tools/toyworld/words.h"

namespace longtake::toyworld {
namespace {

std::string caption_of(const ltw_script& script, int segment, uint64_t variant) {
    char text[512] = "";
    EXPECT_GT(ltw_caption(&script, segment, variant, text, sizeof text), 0);
    return text;
}

bool says_one_of(const std::string& text, const Words& words) {
    return std::any_of(std::begin(words.list), std::end(words.list), [&](const char* word) {
        return word != nullptr && text.find(word) != std::string::npos;
    });
}

TEST(Caption, NamesColourAndShapeOfEveryObject) {
    for (uint64_t seed = 0; seed < 1500; ++seed) {
        ltw_script script{};
        ltw_describe(seed, 84, &script);
        for (int k = 0; k < script.segment_count; ++k) {
            const std::string text = caption_of(script, k, seed % 7);
            for (int i = 0; i < script.segments[k].object_count; ++i) {
                const ltw_object& o = script.segments[k].objects[i];
                EXPECT_TRUE(says_one_of(text, kColourWords[o.colour])) << text;
                EXPECT_TRUE(says_one_of(text, kShapeWords[o.shape])) << text;
            }
        }
    }
}

TEST(Caption, IsPlainAndShort) {
    for (uint64_t seed = 0; seed < 3000; ++seed) {
        ltw_script script{};
        ltw_describe(seed, 84, &script);
        const std::string text = caption_of(script, script.segment_count - 1, seed);
        std::istringstream in(text);
        int words = 0;
        for (std::string word; in >> word;) {
            ++words;
        }
        EXPECT_LE(words, 40) << text;
        EXPECT_EQ(text.find("  "), std::string::npos) << text;
        EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || c == ' ' || c == ',';
        })) << text;
    }
}

TEST(Caption, CanonicalOneIsCompleteAndStable) {
    ltw_script script{};
    script.segment_count = 1;
    ltw_segment& s = script.segments[0];
    s = {kSunset, kGrass, kPansRight, 1, {{kBall, kRed, kRollsLeft, 1.1f}, {}, {}, {}}};
    EXPECT_EQ(caption_of(script, 0, 0),
              "a red ball rolls left on green grass at sunset, the camera pans right");
    s.object_count = 2;
    s.objects[1] = {kCube, kOrange, kRollsLeft, 1.1f};
    EXPECT_EQ(caption_of(script, 0, 0),
              "a red ball rolls left and an orange cube slides left on green grass at sunset, "
              "the camera pans right");
    s.objects[1] = s.objects[0];
    EXPECT_EQ(caption_of(script, 0, 0),
              "two red balls roll left on green grass at sunset, the camera pans right");
}

TEST(Caption, VariantsDiffer) {
    ltw_script script{};
    ltw_describe(3, 84, &script);
    std::set<std::string> texts;
    for (uint64_t variant = 0; variant < 100; ++variant) {
        texts.insert(caption_of(script, 0, variant));
        EXPECT_EQ(caption_of(script, 0, variant), caption_of(script, 0, variant));
    }
    EXPECT_GT(texts.size(), 40u);
}

TEST(Caption, TooSmallABufferIsRefused) {
    ltw_script script{};
    ltw_describe(3, 84, &script);
    char text[8];
    EXPECT_EQ(ltw_caption(&script, 0, 0, text, sizeof text), -1);
    EXPECT_EQ(ltw_caption(&script, 2, 0, text, sizeof text), -1);
    EXPECT_EQ(ltw_caption(nullptr, 0, 0, text, sizeof text), -1);
}

}  // namespace
}  // namespace longtake::toyworld
