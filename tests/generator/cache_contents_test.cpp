#include "generator/cache/cache_contents.h"

#include "tests/generator/tiny_model.h"

#include <gtest/gtest.h>

#include <set>

namespace longtake::generator {
namespace {

using Slots = std::vector<CacheSlot>;

// After each of `chunks` chunks.
std::vector<Slots> followed(const std::string& cache, int chunks, int cut_at = -1) {
    Session session(tiny_model(), seeded(1, cache));
    session.prompt().set("a", false);
    CacheContents contents;
    std::vector<Slots> all;
    for (int i = 0; i < chunks; ++i) {
        if (i == cut_at) {
            session.prompt().set("b", true);
        }
        session.step();
        contents.follow(session.memory());
        EXPECT_EQ(std::ssize(contents.slots()), session.memory().frames());
        all.emplace_back(contents.slots().begin(), contents.slots().end());
    }
    return all;
}

int64_t count(const Slots& slots, SlotKind kind) {
    return std::ranges::count(slots, kind, &CacheSlot::kind);
}

TEST(CacheContents, GrowsFrameByFrame) {
    const Slots slots = followed("window:window=21", 3)[2];
    ASSERT_EQ(slots.size(), 9u);
    for (int64_t i = 0; i < 9; ++i) {
        EXPECT_EQ(slots[static_cast<size_t>(i)].frame, i);
        EXPECT_EQ(slots[static_cast<size_t>(i)].position, static_cast<double>(i));
    }
    EXPECT_EQ(count(slots, SlotKind::Recent), 6);
    EXPECT_EQ(count(slots, SlotKind::Current), 3);
}

TEST(CacheContents, AWindowForgetsTheOldest) {
    const Slots slots = followed("window:window=9", 6)[5];
    ASSERT_EQ(slots.size(), 9u);
    EXPECT_EQ(slots.front().frame, 9);
    EXPECT_EQ(slots.back().frame, 17);
    EXPECT_EQ(count(slots, SlotKind::Sink), 0);
}

TEST(CacheContents, ADeepSinkMovesAlongInTime) {
    for (const Slots& slots : followed("deep-sink:window=9,sink=4,sink_gap=0", 8)) {
        EXPECT_EQ(count(slots, SlotKind::Sink), std::min<int64_t>(4, std::ssize(slots) - 3));
    }
    const Slots slots = followed("deep-sink:window=9,sink=4,sink_gap=0", 8)[7];
    ASSERT_EQ(slots.size(), 9u);
    for (size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(slots[i].frame, static_cast<int64_t>(i));
        EXPECT_EQ(slots[i].position, static_cast<double>(15 + i));  // just before the newest
    }
    EXPECT_EQ(slots[4].frame, 19);
}

TEST(CacheContents, DeepForcingKeepsWhatWasLookedAt) {
    const auto all = followed("deep-forcing:window=12,sink=3,budget=9,recent=4", 6);
    bool compressed = false;
    for (const Slots& slots : all) {
        if (count(slots, SlotKind::Kept) > 0) {
            compressed = true;
            EXPECT_EQ(count(slots, SlotKind::Sink), 3);
            EXPECT_EQ(count(slots, SlotKind::Current), 3);
            EXPECT_TRUE(std::ranges::all_of(slots, [](const CacheSlot& s) {
                return (s.kind == SlotKind::Kept) == (s.frame < 0);
            }));
        }
    }
    EXPECT_TRUE(compressed);
}

TEST(CacheContents, AveragesAreOfSeveralFrames) {
    const Slots slots = followed("memrope:window=9,sink=2", 6)[5];
    ASSERT_EQ(slots.size(), 9u);
    EXPECT_EQ(count(slots, SlotKind::Sink), 2);
    EXPECT_EQ(count(slots, SlotKind::Kept), 2);
    EXPECT_EQ(slots[2].frame, -1);
    EXPECT_EQ(slots[3].kind, SlotKind::Kept);
}

TEST(CacheContents, TheBeginningComesBack) {
    const Slots slots = followed("rolling-sink:window=9", 6)[5];  // frames 9 to 17
    ASSERT_EQ(slots.size(), 9u);
    const int64_t beginning[] = {2, 1, 0};  // walked backwards, in place of 9 to 11
    for (size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(slots[i].kind, SlotKind::Sink);
        EXPECT_EQ(slots[i].frame, beginning[i]);
        EXPECT_EQ(slots[i].position, static_cast<double>(9 + i));
    }
    EXPECT_EQ(slots[3].frame, 12);
    EXPECT_EQ(count(slots, SlotKind::Current), 3);
}

TEST(CacheContents, ACutBeginsAnew) {
    const auto all = followed("deep-forcing", 4, 2);
    EXPECT_EQ(all[1].size(), 6u);
    EXPECT_EQ(all[2].size(), 3u);
    EXPECT_EQ(all[2].front().frame, 0);
}

}  // namespace
}  // namespace longtake::generator
