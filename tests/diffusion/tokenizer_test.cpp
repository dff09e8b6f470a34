#include "diffusion/models/tokenizer.h"

#include "core/error.h"
#include "core/file.h"
#include "diffusion/models/text_cleaning.h"
#include "tests/diffusion/fixtures.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

namespace longtake::diffusion {
namespace {

nlohmann::json prompts() {
    return nlohmann::json::parse(read_text(kFixtures / "tiny_umt5_prompts.json"));
}

Tokenizer tiny_tokenizer() {
    return Tokenizer::load(kFixtures / "tiny_umt5" / "tokenizer");
}

TEST(TextCleaning, EqualsTheReferencePipeline) {
    size_t changed = 0;
    for (const auto& c : prompts()) {
        const auto prompt = c["prompt"].get<std::string>(), clean = c["clean"].get<std::string>();
        EXPECT_EQ(clean_prompt(prompt), clean) << "of: " << prompt;
        changed += prompt != clean;
    }
    EXPECT_GT(changed, 30u);
}

TEST(TextCleaning, BytesThatAreNotUtf8BecomeReplacementCharacters) {
    EXPECT_EQ(clean_prompt("a\xff z"), "a\ufffd z");
    EXPECT_EQ(clean_prompt("\xe2\x82 cut"), "\ufffd cut");          // the start of a sequence
    EXPECT_EQ(clean_prompt("\xed\xa0\x80"), "\ufffd\ufffd\ufffd");  // a surrogate
    EXPECT_EQ(clean_prompt("\xc0\xaf"), "\ufffd\ufffd");            // overlong
    EXPECT_EQ(clean_prompt("\xf4\x90\x80\x80 x"), "\ufffd\ufffd\ufffd\ufffd x");
}

TEST(TextCleaning, LongInputEndsSoon) {
    std::string nested = "&";
    for (int i = 0; i < 50000; ++i) {
        nested += "amp;";
    }
    EXPECT_LT(clean_prompt(nested).size(), nested.size());
    EXPECT_EQ(clean_prompt(std::string(1 << 18, '\xc3')).size(), 3u << 18);
    std::string letters;
    for (int i = 0; i < 125000; ++i) {
        letters += "\u00c3";
    }
    EXPECT_EQ(clean_prompt(letters), letters);
}

TEST(Tokenizer, EqualsTransformers) {
    const Tokenizer tokenizer = tiny_tokenizer();
    size_t compared = 0;
    for (const auto& c : prompts()) {
        if (c.contains("tokens")) {
            EXPECT_EQ(tokenizer.encode(c["prompt"].get<std::string>()),
                      c["tokens"].get<std::vector<int32_t>>())
                << "of: " << c["prompt"];
            ++compared;
        }
    }
    EXPECT_GE(compared, 12u);
}

TEST(Tokenizer, ALongPromptLosesItsEndButNotTheEndMark) {
    const Tokenizer tokenizer = tiny_tokenizer();
    EXPECT_EQ(tokenizer.max_length(), 48);
    std::string prompt = "a cube ";
    const auto head = tokenizer.encode(prompt);
    while (prompt.size() < (1 << 18)) {
        prompt += prompt;
    }
    const auto tokens = tokenizer.encode(prompt);
    ASSERT_EQ(tokens.size(), 48u);
    EXPECT_EQ(tokens.back(), 1);
    EXPECT_EQ(head.back(), 1);
    EXPECT_TRUE(std::equal(head.begin(), head.end() - 1, tokens.begin()));
    EXPECT_EQ(tokenizer.encode(std::string(1 << 18, 'x')).size(), 48u);
}

TEST(Tokenizer, RefusesAnEmptyPrompt) {
    for (const char* prompt : {"", "  \n", "&nbsp;", "\x07"}) {
        try {
            tiny_tokenizer().encode(prompt);
            FAIL() << "of: \"" << prompt << '"';
        } catch (const InputError& e) {
            EXPECT_STREQ(e.what(), "prompt is empty");
        }
    }
}

TEST(Tokenizer, RefusesWhatIsNoModel) {
    EXPECT_THROW(Tokenizer(kFixtures / "nothing.model"), InputError);
    EXPECT_THROW(Tokenizer(kFixtures / "tiny_umt5" / "config.json"), InputError);
    EXPECT_THROW(Tokenizer(kFixtures / "tiny_umt5" / "tokenizer" / "spiece.model", 1), InputError);
}

}  // namespace
}  // namespace longtake::diffusion
