#include "interactive/volume/playback.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace longtake::interactive {
namespace {

// Frames that were shown until `until`, looked for 997 times a second.
std::vector<int64_t> shown(
    Playback& playback, double from, double until,
    const std::function<bool(double)>& ready = [](double) { return true; }) {
    std::vector<int64_t> frames;
    for (int i = 0; from + i / 997.0 < until; ++i) {
        const double now = from + i / 997.0;  // on no beat
        if (playback.advance(now, [&](int64_t) { return ready(now); })) {
            frames.push_back(playback.shown());
        }
    }
    return frames;
}

TEST(Playback, KeepsTheRateAndLoops) {
    Playback playback(10, 20);
    const auto frames = shown(playback, 0, 1.02);
    ASSERT_EQ(frames.size(), 21U);
    for (size_t i = 0; i < frames.size(); ++i) {
        EXPECT_EQ(frames[i], static_cast<int64_t>(i % 10));
    }
    EXPECT_EQ(playback.frames_shown(), 21);
}

TEST(Playback, EndsWithoutALoopAndBeginsAgain) {
    Playback playback(5, 10);
    playback.set_loop(false);
    EXPECT_EQ(shown(playback, 0, 3), (std::vector<int64_t>{0, 1, 2, 3, 4}));
    EXPECT_FALSE(playback.playing());
    EXPECT_EQ(playback.after_wanted(2), 4);
    playback.play(true);
    EXPECT_EQ(shown(playback, 3, 3.15), (std::vector<int64_t>{0, 1}));
}

TEST(Playback, PauseSeekAndStep) {
    Playback playback(30, 10);
    shown(playback, 0, 0.45);
    playback.play(false);
    EXPECT_TRUE(shown(playback, 0.5, 2).size() <= 1);
    playback.seek(20);
    EXPECT_EQ(shown(playback, 2, 3), (std::vector<int64_t>{20}));
    playback.step(-1);
    EXPECT_EQ(shown(playback, 3, 4), (std::vector<int64_t>{19}));
    playback.seek(-7);
    EXPECT_EQ(shown(playback, 4, 5), (std::vector<int64_t>{0}));
    playback.step(-1);  // around
    EXPECT_EQ(shown(playback, 5, 6), (std::vector<int64_t>{29}));
    playback.set_loop(false);
    playback.step(1);
    EXPECT_EQ(playback.wanted(), 29);
}

TEST(Playback, SpeedChangesTheBeat) {
    Playback playback(1000, 10);
    playback.set_speed(4);
    EXPECT_EQ(shown(playback, 0, 1.01).size(), 41U);
    playback.set_speed(0.5);
    EXPECT_EQ(shown(playback, 2, 4.1).size(), 11U);
}

// What is late is waited for; then the beat begins anew: nothing is caught up, nothing left out.
TEST(Playback, WaitsForFramesThatAreLate) {
    Playback playback(100, 10);
    const auto frames = shown(playback, 0, 2.001, [](double now) { return now < 0.5 || now > 1; });
    ASSERT_GE(frames.size(), 15U);
    EXPECT_LE(frames.size(), 17U);
    for (size_t i = 0; i < frames.size(); ++i) {
        EXPECT_EQ(frames[i], static_cast<int64_t>(i));
    }
}

TEST(Playback, WhatStandsStillIsShownOnce) {
    Playback playback(1, 30);
    EXPECT_EQ(shown(playback, 0, 2), (std::vector<int64_t>{0}));
    EXPECT_GT(playback.due(), 1e9);
}

}  // namespace
}  // namespace longtake::interactive
