#include "interactive/prompt_history.h"
#include "interactive/prompt_plan.h"

#include <gtest/gtest.h>

namespace longtake::interactive {
namespace {

TEST(PromptPlan, StaysInOrderAndInTheFuture) {
    PromptPlan plan;
    EXPECT_EQ(plan.add({10, "b", false}, 0), 0u);
    EXPECT_EQ(plan.add({5, "a", false}, 0), 0u);
    EXPECT_EQ(plan.add({2, "late", false}, 4), 0u);  // moved behind what has been made
    EXPECT_GT(plan.planned()[0].seconds, 4);
    EXPECT_EQ(plan.add({10, "c", false}, 0), 3u);  // none on top of another
    EXPECT_GT(plan.planned()[3].seconds, plan.planned()[2].seconds);
    EXPECT_EQ(plan.edit(1, {20, "a", true}, 0), 3u);
    EXPECT_EQ(plan.planned()[3].text, "a");
    EXPECT_TRUE(plan.planned()[3].cut);
    plan.remove(0);
    EXPECT_EQ(plan.planned().size(), 3u);
}

TEST(PromptPlan, WhatTookEffectIsPast) {
    PromptPlan plan;
    plan.set_planned({{0, "a", false}, {3, "b", false}});
    plan.took_effect(0, "a", false);
    plan.took_effect(0.75, "a", false);
    plan.took_effect(1.5, "typed", false);
    EXPECT_EQ(plan.past().size(), 2u);
    EXPECT_EQ(plan.planned().size(), 1u);
    plan.rewind();
    EXPECT_TRUE(plan.past().empty());
    ASSERT_EQ(plan.planned().size(), 3u);
    EXPECT_EQ(plan.planned()[1].text, "typed");
    EXPECT_EQ(plan.planned()[1].seconds, 1.5);
}

TEST(PromptHistory, GoesBackAndForth) {
    PromptHistory history;
    history.add("one");
    history.add("two");
    EXPECT_EQ(history.move(-1, "typing"), "two");
    EXPECT_EQ(history.move(-1, "two"), "one");
    EXPECT_EQ(history.move(-1, "one"), "one");
    EXPECT_EQ(history.move(1, "one"), "two");
    EXPECT_EQ(history.move(1, "two"), "typing");
    history.add("one");  // again: only once, the newest
    EXPECT_EQ(history.prompts(), (std::vector<std::string>{"two", "one"}));
}

}  // namespace
}  // namespace longtake::interactive
