#include "interactive/live_controller.h"

#include "core/error.h"
#include "tests/interactive/fake_maker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace longtake::interactive {
namespace {

constexpr double kTick = 1.0 / 128;
constexpr double kChunk = FakeMaker::kFrames / 16.0;  // seconds at the video's rate

// A generator that takes its time, and somebody who watches, on a clock that the test moves.
class Simulation {
  public:
    explicit Simulation(double seconds_per_chunk, LiveSetup setup = {})
        : live(std::move(setup), 0), maker_(live.controls()), making_(seconds_per_chunk) {}

    void run(double seconds) {
        for (const double until = now + seconds; now < until; now += kTick) {
            tick();
        }
    }
    void stall(double seconds) { done_ += seconds; }

    LiveController live;
    double now = 0;
    std::vector<double> shown_at;      // every frame
    std::vector<int64_t> frames;       // its number in the take
    std::vector<std::string> prompts;  // of its chunk

  private:
    void tick() {
        if (made_ && now >= done_) {
            live.queue().push(std::move(*std::exchange(made_, std::nullopt)));
        }
        if (!made_ && live.queue().has_room()) {  // begins; controls are taken up now
            made_ = maker_.make([] { return false; });
            made_->seconds = making_;
            done_ = now + making_;
        }
        if (live.advance(now)) {
            shown_at.push_back(now);
            frames.push_back(live.pacer().frame());
            prompts.push_back(live.pacer().chunk()->prompt);
        }
    }

    FakeMaker maker_;
    double making_;
    std::optional<MadeChunk> made_;
    double done_ = 0;
};

void expect_every_frame_once(const std::vector<int64_t>& frames) {
    for (size_t i = 0; i < frames.size(); ++i) {
        ASSERT_EQ(frames[i], static_cast<int64_t>(i));
    }
}

TEST(LiveController, AFastGeneratorIsShownAtTheVideosRate) {
    Simulation s(0.1);
    s.run(20);
    expect_every_frame_once(s.frames);
    EXPECT_NEAR(static_cast<double>(s.frames.size()), 20 * 16, 4);
    EXPECT_NEAR(s.live.shown_rate(s.now), 16, 0.5);
}

TEST(LiveController, ASlowGeneratorIsShownEvenly) {
    Simulation s(2.0);  // 6 frames a second
    s.run(40);
    expect_every_frame_once(s.frames);
    EXPECT_NEAR(s.live.shown_rate(s.now), 6, 0.5);
    for (size_t i = 13; i < s.shown_at.size(); ++i) {
        EXPECT_NEAR(s.shown_at[i] - s.shown_at[i - 1], 2.0 / 12, 0.06) << i;
    }
}

// However the moment falls, a prompt is on the screen within two chunks.
TEST(LiveController, ControlsReachTheScreenWithinTwoChunks) {
    for (const double making : {0.1, 0.5, 0.7, 0.9, 2.0}) {
        const double chunk = std::max(kChunk, making);
        for (int moment = 0; moment < 16; ++moment) {
            Simulation s(making);
            s.run(6 + moment * chunk / 16);
            const double sent = s.now;
            s.live.send_prompt("other", false, s.now);
            s.run(3 * chunk);
            const auto first = std::ranges::find(s.prompts, "other");
            ASSERT_NE(first, s.prompts.end());
            const double delay = s.shown_at[static_cast<size_t>(first - s.prompts.begin())] - sent;
            EXPECT_LE(delay, 2 * chunk + 0.1) << making << " " << moment;
            EXPECT_NEAR(s.live.latency().newest(), delay, 1e-9);
            EXPECT_EQ(s.live.acknowledged(), s.live.asked());
        }
    }
}

TEST(LiveController, TheDelayDoesNotGrowInTenMinutes) {
    for (const double making : {0.3, 0.74, 1.1}) {
        Simulation s(making);
        std::vector<double> delays;
        for (int i = 0; i < 60; ++i) {
            s.live.send_prompt(std::to_string(i), false, s.now);
            s.run(10);
            delays.push_back(s.live.latency().newest());
        }
        EXPECT_LE(std::ranges::max(delays), 2 * std::max(kChunk, making) + 0.1);
        expect_every_frame_once(s.frames);
        EXPECT_LE(std::ranges::max(std::vector(delays.end() - 6, delays.end())),
                  std::ranges::max(std::vector(delays.begin() + 1, delays.begin() + 7)) + kChunk);
    }
}

TEST(LiveController, AfterAStallTheBeatBeginsAnew) {
    Simulation s(0.6);
    s.run(6.1);
    s.stall(3);
    s.run(12);
    expect_every_frame_once(s.frames);
    size_t gap = 1;
    double longest = 0;
    for (size_t i = 1; i < s.shown_at.size(); ++i) {
        if (s.shown_at[i] - s.shown_at[i - 1] > longest) {
            longest = s.shown_at[i] - s.shown_at[i - 1];
            gap = i;
        }
    }
    EXPECT_GT(longest, 1.5);
    for (size_t i = gap + 1; i < s.shown_at.size(); ++i) {  // neither a rush nor a second stall
        EXPECT_NEAR(s.shown_at[i] - s.shown_at[i - 1], 1.0 / 16, 0.02) << i;
    }
}

TEST(LiveController, PauseFreezesAtOnceAndGoesOnWhereItWas) {
    Simulation s(0.1);
    s.run(5);
    const size_t shown = s.frames.size();
    s.live.pause(true);
    s.run(60);
    EXPECT_EQ(s.frames.size(), shown);
    s.live.step_frame();
    s.run(1);
    EXPECT_EQ(s.frames.size(), shown + 1);
    s.live.pause(false);
    s.run(2);
    EXPECT_GT(s.frames.size(), shown + 20);
    EXPECT_LE(s.frames.size(), shown + 36);  // no rush
    expect_every_frame_once(s.frames);
}

TEST(LiveController, ARestartDropsWhatIsLate) {
    Simulation s(0.5);
    s.run(7);
    const size_t before = s.frames.size();
    s.live.restart(s.now);
    s.run(4);
    ASSERT_GT(s.frames.size(), before + 10);
    for (size_t i = before; i < s.frames.size(); ++i) {
        ASSERT_EQ(s.frames[i], static_cast<int64_t>(i - before));
    }
}

TEST(LiveController, PlannedPromptsComeInTime) {
    LiveSetup setup;
    setup.prompts = {{0, "a", false}, {3, "b", false}, {6, "c", true}};
    Simulation s(0.2, setup);
    s.run(4);
    EXPECT_EQ(s.live.plan().past().size(), 2u);
    ASSERT_EQ(s.live.plan().planned().size(), 1u);
    s.live.edit_planned(0, {8, "d", false}, s.now);
    s.run(6);
    EXPECT_EQ(s.prompts.front(), "a");
    EXPECT_EQ(s.prompts.back(), "d");
    EXPECT_EQ(std::ranges::count(s.prompts, "c"), 0);
    const auto b = std::ranges::find(s.prompts, "b") - s.prompts.begin();
    EXPECT_EQ(b, 48);       // the first border not before 3 s
    s.live.restart(s.now);  // the same again
    s.prompts.clear();
    s.run(10);
    EXPECT_EQ(std::ranges::find(s.prompts, "b") - s.prompts.begin(), 48);
    EXPECT_EQ(s.prompts.back(), "d");
}

TEST(LiveController, RefusesAPolicyThereIsNot) {
    Simulation s(0.2);
    EXPECT_THROW(s.live.set_cache("nonsense", 0), InputError);
    EXPECT_THROW(s.live.set_cache("sink:window=1", 0), InputError);
    EXPECT_EQ(s.live.cache(), "deep-forcing");
}

}  // namespace
}  // namespace longtake::interactive
