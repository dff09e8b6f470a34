#include "core/error.h"
#include "tests/generator/cache_driver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace longtake::generator {
namespace {

using ::testing::HasSubstr;

const CacheGeometry kTiny{.layers = 2, .heads = 2, .head_dim = 8, .tokens_per_frame = 2};

// Frame numbers from..to, each as often as a frame has tokens.
void push(std::vector<double>& numbers, int64_t from, int64_t to) {
    for (int64_t f = from; f <= to; ++f) {
        numbers.insert(numbers.end(), kTiny.tokens_per_frame, static_cast<double>(f));
    }
}

std::vector<int64_t> frames_held(const CacheDriver& driver) {
    std::vector<int64_t> frames;
    for (const int64_t token : driver.tokens(1)) {
        frames.push_back(token / kTiny.tokens_per_frame);
    }
    return frames;
}

void push_twice(std::vector<int64_t>& numbers, int64_t from, int64_t to) {
    for (int64_t f = from; f <= to; ++f) {
        numbers.insert(numbers.end(), kTiny.tokens_per_frame, f);
    }
}

// Until the window is full every policy just appends.
TEST(CachePolicy, AllAppendAtFirst) {
    for (const std::string& name : cache_policy_names()) {
        if (name == "rebuild" || name == "forcing-kv" || name == "dummy-forcing" ||
            name == "relic") {
            continue;  // has another cache for every chunk, for every head, or wants larger frames
        }
        CacheDriver driver(name + ":window=21", kTiny);
        for (int64_t start = 0; start < 21; start += 3) {
            const Plan plan = driver.step();
            EXPECT_EQ(plan.len_before, start) << name;
            EXPECT_EQ(plan.len_after, start + 3) << name;
            EXPECT_EQ(plan.write_slot, start) << name;
            EXPECT_FALSE(plan.fire || plan.head_frame || plan.top_frame) << name;
            std::vector<double> expected;
            push(expected, 0, start + 2);
            EXPECT_EQ(driver.memory.frame_numbers(1), expected) << name;
        }
    }
}

// What a FIFO with a sink of `sink` frames holds and where it stands, for the first 60 frames.
void expect_rolling(const std::string& text, int64_t sink,
                    const std::function<int64_t(int64_t start)>& sink_frame) {
    CacheDriver driver(text, kTiny);
    for (int64_t start = 0; start < 60; start += 3) {
        const Plan plan = driver.step();
        if (start < 21) {
            continue;
        }
        EXPECT_EQ(plan.len_before, 21);
        EXPECT_EQ(plan.len_after, 21);
        EXPECT_EQ(plan.write_slot, 18);
        std::vector<double> positions;
        push(positions, sink_frame(start), sink_frame(start) + sink - 1);
        push(positions, start - 18 + sink, start + 2);
        EXPECT_EQ(driver.memory.frame_numbers(0), positions) << text << " at " << start;
        std::vector<int64_t> held;
        push_twice(held, 0, sink - 1);
        push_twice(held, start - 18 + sink, start + 2);
        EXPECT_EQ(frames_held(driver), held) << text << " at " << start;
    }
}

TEST(CachePolicy, WindowKeepsTheNewest) {
    expect_rolling("window", 0, [](int64_t) { return 0; });
}

TEST(CachePolicy, SinkStaysWhereItWas) {
    expect_rolling("sink", 3, [](int64_t) { return 0; });
    expect_rolling("sink:sink=7", 7, [](int64_t) { return 0; });
    expect_rolling("recache:window=21", 3, [](int64_t) { return 0; });
}

TEST(CachePolicy, RecacheLeavesTheSinkAsItWas) {
    const auto recache = policy("recache");
    EXPECT_EQ(recache->window(), 12);
    EXPECT_EQ(recache->history(), 9);
    const auto at = [&](int64_t cached, Turn turn) {
        return recache->recached({30, 3, cached, turn});
    };
    EXPECT_EQ(at(12, Turn::Prompt), 9);
    EXPECT_EQ(at(9, Turn::Prompt), 6);
    EXPECT_EQ(at(3, Turn::Prompt), 0);
    EXPECT_EQ(at(12, Turn::None), 0);
    EXPECT_EQ(policy("recache:frames=4")->recached({30, 3, 12, Turn::Prompt}), 4);
    EXPECT_EQ(policy("sink")->history(), 0);
}

TEST(CachePolicy, DeepSinkFollowsAsReleased) {
    for (const int sink : {10, 12, 14}) {
        expect_rolling("deep-sink:sink=" + std::to_string(sink), sink,
                       [](int64_t start) { return start - 21; });
    }
}

TEST(CachePolicy, DeepSinkWithoutGapTouchesTheTail) {
    expect_rolling("deep-sink:sink_gap=0", 10, [](int64_t start) { return start - 18; });
}

TEST(CachePolicy, FullRefusesMoreThanItHolds) {
    CacheDriver driver("full:window=9", kTiny);
    for (int chunk = 0; chunk < 3; ++chunk) {
        driver.step();
    }
    EXPECT_THROW(driver.step(), InputError);
}

// One fire: the chunk's first frame, length with the chunk before selecting, candidate and
// selected frames, first and last frame number of the sink.
struct Fire {
    int64_t start, augmented, candidates, top, sink_first, sink_last;
};

struct Trace {
    int sink, budget, recent;
    std::vector<Fire> fires;  // all of the first 60 frames
};

const std::vector<Trace> kTraces{
    {10,
     16,
     4,
     {{21, 24, 10, 2, 5, 14},
      {27, 22, 8, 2, 11, 20},
      {33, 22, 8, 2, 17, 26},
      {39, 22, 8, 2, 23, 32},
      {45, 22, 8, 2, 29, 38},
      {51, 22, 8, 2, 35, 44},
      {57, 22, 8, 2, 41, 50}}},
    {6,
     16,
     4,
     {{21, 24, 14, 6, 5, 10},
      {27, 22, 12, 6, 11, 16},
      {33, 22, 12, 6, 17, 22},
      {39, 22, 12, 6, 23, 28},
      {45, 22, 12, 6, 29, 34},
      {51, 22, 12, 6, 35, 40},
      {57, 22, 12, 6, 41, 46}}},
    {10,
     18,
     4,
     {{21, 24, 10, 4, 3, 12},
      {27, 24, 10, 4, 9, 18},
      {33, 24, 10, 4, 15, 24},
      {39, 24, 10, 4, 21, 30},
      {45, 24, 10, 4, 27, 36},
      {51, 24, 10, 4, 33, 42},
      {57, 24, 10, 4, 39, 48}}},
    {14,
     18,
     4,
     {{21, 24, 6, 0, 3, 16},
      {27, 24, 6, 0, 9, 22},
      {33, 24, 6, 0, 15, 28},
      {39, 24, 6, 0, 21, 34},
      {45, 24, 6, 0, 27, 40},
      {51, 24, 6, 0, 33, 46},
      {57, 24, 6, 0, 39, 52}}},
    {10,
     15,
     4,
     {{21, 24, 10, 1, 6, 15},
      {30, 24, 10, 1, 15, 24},
      {39, 24, 10, 1, 24, 33},
      {48, 24, 10, 1, 33, 42},
      {57, 24, 10, 1, 42, 51}}},
};

TEST(CachePolicy, DeepForcingTracesAsReleased) {
    for (const Trace& trace : kTraces) {
        const std::string text = fmt::format("deep-forcing:sink={},budget={},recent={}", trace.sink,
                                             trace.budget, trace.recent);
        SCOPED_TRACE(text);
        CacheDriver driver(text, kTiny);
        auto fire = trace.fires.begin();
        int64_t length = 0;
        int64_t sink_frame = 0;
        for (int64_t start = 0; start < 60; start += 3) {
            SCOPED_TRACE(start);
            const Plan plan = driver.step();
            EXPECT_EQ(plan.len_before, length);
            const bool expected = fire != trace.fires.end() && fire->start == start;
            ASSERT_EQ(plan.fire, expected);
            if (expected) {
                EXPECT_EQ(plan.len_before + 3, fire->augmented);
                EXPECT_EQ(plan.candidates, (Range{trace.sink, fire->augmented - trace.recent}));
                EXPECT_EQ(plan.candidates.count(), fire->candidates);
                EXPECT_EQ(plan.top, fire->top);
                EXPECT_EQ(plan.head_frame, fire->sink_first);
                EXPECT_FALSE(plan.top_frame);
                length = trace.budget;
                sink_frame = fire->sink_first;
                EXPECT_EQ(sink_frame + trace.sink - 1, fire->sink_last);
                ++fire;
            } else {
                length += 3;
            }
            EXPECT_EQ(plan.len_after, length);
            EXPECT_EQ(plan.write_slot, length - 3);
            const auto numbers = driver.memory.frame_numbers(0);
            std::vector<double> sink;
            push(sink, sink_frame, sink_frame + trace.sink - 1);
            if (start >= 21) {
                EXPECT_TRUE(std::equal(sink.begin(), sink.end(), numbers.begin()));
                std::vector<double> recent;
                push(recent, start + 3 - trace.recent, start + 2);
                EXPECT_TRUE(std::equal(recent.rbegin(), recent.rend(), numbers.rbegin()));
            }
        }
        EXPECT_EQ(fire, trace.fires.end());
    }
}

TEST(CachePolicy, PaperVariantLaysTheCacheWithoutGaps) {
    CacheDriver driver("deep-forcing:paper=1", kTiny);
    for (int64_t start = 0; start < 60; start += 3) {
        const Plan plan = driver.step();
        if (plan.fire) {
            std::vector<double> expected;
            push(expected, start + 3 - 16, start + 2);
            EXPECT_EQ(driver.memory.frame_numbers(0), expected) << start;
        }
    }
}

TEST(CachePolicy, FirstChunkMayBeAnImage) {
    CacheDriver driver("deep-sink", kTiny);
    driver.step_frames(1, 1);
    for (int chunk = 0; chunk < 6; ++chunk) {
        driver.step();
    }
    EXPECT_EQ(driver.memory.frames(), 19);
    const Plan plan = driver.step();  // frames 19, 20, 21
    EXPECT_EQ(plan.len_after, 21);
    EXPECT_EQ(plan.tail, (Range{11, 19}));
    std::vector<double> expected;
    push(expected, 19 - 21, 19 - 21 + 9);
    push(expected, 11, 21);
    EXPECT_EQ(driver.memory.frame_numbers(0), expected);
}

// Sink [first], then frames up to `last`.
std::vector<double> sink_and(int64_t first, int64_t from, int64_t last) {
    std::vector<double> expected;
    push(expected, first, first);
    push(expected, from, last);
    return expected;
}

TEST(CachePolicy, InfinityRopeStaysWithinSixFrames) {
    CacheDriver driver("infinity-rope", kTiny);
    for (int64_t start = 0; start < 60; start += 3) {
        driver.step();
        if (start == 0) {
            continue;
        }
        // One sink, the last two, the chunk, with nothing between them in time.
        EXPECT_EQ(driver.memory.frames(), 6);
        EXPECT_EQ(driver.memory.frame_numbers(1), sink_and(start - 3, start - 2, start + 2));
        EXPECT_THAT(frames_held(driver), ::testing::ElementsAreArray([&] {
                        std::vector<int64_t> held;
                        push_twice(held, 0, 0);
                        push_twice(held, start - 2, start + 2);
                        return held;
                    }()));
    }
}

TEST(CachePolicy, InfinityRopeFlushesWhenThePromptChanges) {
    CacheDriver driver("infinity-rope:window=15,sink=1,flush=2", kTiny);
    for (int chunk = 0; chunk < 6; ++chunk) {
        driver.step();
    }
    EXPECT_EQ(driver.memory.frames(), 15);
    driver.step(2, Turn::Prompt);  // frames 18 to 20
    EXPECT_EQ(driver.memory.frames(), 6);
    EXPECT_EQ(driver.memory.frame_numbers(0), sink_and(15, 16, 20));
    driver.step();  // and it fills up again
    EXPECT_EQ(driver.memory.frames(), 9);
    EXPECT_EQ(driver.memory.frame_numbers(0), sink_and(15, 16, 23));
}

TEST(CachePolicy, InfinityRopeCutsForOneChunk) {
    CacheDriver driver("infinity-rope", kTiny);
    for (int chunk = 0; chunk < 4; ++chunk) {
        driver.step();
    }
    driver.step(2, Turn::Cut);  // frames 12 to 14, at 45 to 47 of a table that begins at the sink
    std::vector<double> expected;
    push(expected, 12 - 45, 12 - 45 + 2);
    push(expected, 12, 14);
    EXPECT_EQ(driver.memory.frame_numbers(0), expected);
    driver.step();
    EXPECT_EQ(driver.memory.frame_numbers(0), sink_and(12, 13, 17));
}

TEST(CachePolicy, EmaSinkTakesUpWhatLeaves) {
    CacheDriver driver("ema-sink:share=250", kTiny);
    const auto& store = driver.memory.store();
    std::vector<double> sink;  // first elements of its values: the numbers of its tokens, blended
    for (int64_t token = 0; token < 3 * kTiny.tokens_per_frame; ++token) {
        sink.push_back(static_cast<double>(token));
    }
    for (int64_t start = 0; start < 60; start += 3) {
        driver.step();
        if (start < 9) {
            continue;
        }
        const int64_t oldest = start - 6;  // of the three frames that leave
        std::vector<double> expected;
        push(expected, start - 6, start + 2);
        EXPECT_EQ(driver.memory.frame_numbers(0), expected);
        const auto view = store.view(1, 9 * kTiny.tokens_per_frame);
        for (size_t i = 0; i < sink.size(); ++i) {
            const auto leaving =
                static_cast<double>(oldest * kTiny.tokens_per_frame) + static_cast<double>(i);
            sink[i] += 0.25 * (leaving - sink[i]);
            EXPECT_NEAR(static_cast<const float*>(view.values)[i * kTiny.head_dim], sink[i], 1e-4);
        }
    }
}

// After the release's steps (research on MemRoPE: twelve frames, averages in the fourth and fifth).
TEST(CachePolicy, MemRopeAveragesWhatLeaves) {
    CacheDriver driver("memrope:slow=20,fast=250", kTiny);
    double slow = 0, fast = 0;
    for (int64_t start = 0; start < 60; start += 3) {
        driver.step();
        if (start < 12) {
            continue;
        }
        std::vector<double> expected;
        push(expected, start - 9, start + 2);
        EXPECT_EQ(driver.memory.frame_numbers(0), expected);
        // Frames 3 and 4 leave at first, as their places are taken, and then the oldest recent
        // ones.
        const int64_t oldest = start == 12 ? 5 : start - 7;
        const double mean = static_cast<double>(oldest * 2 + 6 + oldest * 2 - 1) / 2;
        slow = start == 12 ? mean : slow + 0.02 * (mean - slow);
        fast = start == 12 ? mean : fast + 0.25 * (mean - fast);
        const auto view = driver.memory.store().view(1, 12 * kTiny.tokens_per_frame);
        const auto* values = static_cast<const float*>(view.values);
        const auto held = [&](int64_t slot) { return double{values[slot * kTiny.head_dim]}; };
        for (int64_t token = 0; token < 2; ++token) {
            EXPECT_EQ(held(token), token);  // the sink
            EXPECT_NEAR(held(6 + token), slow, 1e-4) << start;
            EXPECT_NEAR(held(8 + token), fast, 1e-4) << start;
            EXPECT_EQ(held(10 + token), (start - 4) * 2 + token);
        }
    }
}

TEST(CachePolicy, RollingSinkWalksTheBeginningToAndFro) {
    CacheDriver driver("rolling-sink", kTiny);
    for (int64_t start = 0; start < 120; start += 3) {
        driver.step();
        if (start < 24) {
            continue;
        }
        std::vector<double> positions;
        push(positions, start - 18, start + 2);
        EXPECT_EQ(driver.memory.frame_numbers(0), positions);  // in time nothing is missing
        std::vector<int64_t> held;
        for (int64_t frame = start - 18; frame < start + 3; ++frame) {
            const int64_t block = frame / 3 * 3;
            const bool generated = block >= start - 3 || block < 18;
            const int64_t at = block % 18;
            const int64_t replayed = block / 18 % 2 == 0 ? at + frame % 3 : 17 - at - frame % 3;
            push_twice(held, generated ? frame : replayed, generated ? frame : replayed);
        }
        EXPECT_EQ(frames_held(driver), held) << start;
    }
}

// Frames from..to as the frame numbers of their slots.
std::vector<double> row(int64_t from, int64_t to) {
    std::vector<double> numbers;
    push(numbers, from, to);
    return numbers;
}

TEST(CachePolicy, StreamingVlmThinsOutWhatIsOlder) {
    CacheDriver driver("streaming-vlm:window=15,sink=2,long=4", kTiny);
    for (int64_t start = 0; start < 60; start += 3) {
        driver.step();
        if (start < 15) {
            continue;
        }
        EXPECT_EQ(driver.memory.frame_numbers(1), row(start - 12, start + 2));
        if (start < 24) {
            continue;  // the long window still holds frames of before the first roll
        }
        // Frames 2, 5, 8, ... of every chunk that the short window let go.
        std::vector<int64_t> held;
        push_twice(held, 0, 1);
        const int64_t let_go = start - 7;  // the newest of them
        for (int64_t frame = let_go - 9; frame <= let_go; frame += 3) {
            push_twice(held, frame, frame);
        }
        push_twice(held, start - 6, start + 2);
        EXPECT_EQ(frames_held(driver), held) << start;
    }
}

TEST(CachePolicy, StreamingVlmWithoutALongWindowIsASinkThatFollows) {
    CacheDriver driver("streaming-vlm:long=0", kTiny);
    CacheDriver sink("deep-sink:sink=3,sink_gap=0", kTiny);
    for (int chunk = 0; chunk < 20; ++chunk) {
        driver.step();
        sink.step();
        EXPECT_EQ(driver.tokens(1), sink.tokens(1));
        EXPECT_EQ(driver.memory.frame_numbers(1), sink.memory.frame_numbers(1));
    }
}

TEST(CachePolicy, RebuildHoldsTheNewestFramesAlone) {
    CacheDriver driver("rebuild:frames=2", kTiny);
    driver.step_frames(1, 2);  // a picture
    for (int64_t start = 1; start < 60; start += 3) {
        driver.step();
        const int64_t oldest = std::max<int64_t>(0, start - 2);
        EXPECT_EQ(driver.memory.frame_numbers(1), row(oldest, start + 2));
        std::vector<int64_t> held;
        push_twice(held, oldest, start + 2);
        EXPECT_EQ(frames_held(driver), held) << start;
    }
}

// Of all the frames there were the most surprising are held, in order and touching in time.
TEST(CachePolicy, SurpriseKeepsTheFramesThatWereLeastExpected) {
    CacheDriver driver("surprise:window=12,sink=1,recent=2", kTiny);
    std::vector<int64_t> best;
    for (int64_t start = 0; start < 120; start += 3) {
        driver.step();
        if (start < 12) {
            continue;
        }
        const auto error = [&](int64_t frame) {
            const double a = driver.surprise(2 * frame), b = driver.surprise(2 * frame + 1);
            return a * a + b * b;
        };
        best.clear();
        for (int64_t frame = 1; frame < start - 2; ++frame) {
            best.push_back(frame);
        }
        std::ranges::sort(best, std::greater(), error);
        best.resize(6);
        std::ranges::sort(best);
        std::vector<int64_t> held;
        push_twice(held, 0, 0);
        for (const int64_t frame : best) {
            push_twice(held, frame, frame);
        }
        push_twice(held, start - 2, start + 2);
        EXPECT_EQ(frames_held(driver), held) << start;
        EXPECT_EQ(driver.memory.frame_numbers(1), row(start - 9, start + 2)) << start;
    }
}

// Of all the tokens there were those are held whose error, less by the decay of every chunk since,
// is largest; where in time they were.
TEST(CachePolicy, EntropyKeepsTokensUntilTheirsHasDecayed) {
    for (const double decay : {1.0, 0.8}) {
        CacheDriver driver(
            fmt::format("entropy:window=12,sink=1,recent=2,decay={:.0f}", 1000 * decay), kTiny);
        for (int64_t start = 0; start < 120; start += 3) {
            driver.step();
            if (start < 12) {
                continue;
            }
            std::vector<int64_t> expected;
            for (int64_t token = 2; token < 2 * (start - 2); ++token) {
                expected.push_back(token);
            }
            std::ranges::sort(expected, std::greater(), [&](int64_t token) {
                return 2 * std::log(driver.surprise(token)) -
                       std::log(decay) * static_cast<double>(token / 6);
            });
            expected.resize(12);
            for (int64_t token = 0; token < 2 * (start + 3); ++token) {
                if (token < 2 || token >= 2 * (start - 2)) {
                    expected.push_back(token);
                }
            }
            std::ranges::sort(expected);
            EXPECT_EQ(driver.tokens(1), expected) << decay << " at " << start;
            std::vector<double> numbers;
            for (const int64_t token : expected) {
                numbers.push_back(static_cast<double>(token / 2));
            }
            EXPECT_EQ(driver.memory.frame_numbers(0), numbers);
        }
    }
}

std::string complaint(const std::string& text) {
    try {
        policy(text);
    } catch (const InputError& e) {
        return e.what();
    }
    return "accepted";
}

TEST(CachePolicy, WrongOptionsAreNamed) {
    EXPECT_THAT(complaint("deep"), HasSubstr("full, window, sink, deep-sink, deep-forcing"));
    EXPECT_THAT(complaint(""), HasSubstr("no policy ''"));
    EXPECT_THAT(complaint("window:sink=3"), HasSubstr("no option 'sink'; it has window"));
    EXPECT_THAT(complaint("deep-sink:sink=ten"), HasSubstr("not a whole number"));
    EXPECT_THAT(complaint("deep-sink:sink=19"), HasSubstr("outside 0..18"));
    EXPECT_THAT(complaint("deep-sink:sink=99999999999999999999"), HasSubstr("whole number"));
    EXPECT_THAT(complaint("deep-sink:sink"), HasSubstr("not key=value"));
    EXPECT_THAT(complaint("deep-sink:sink=1,sink=2"), HasSubstr("given twice"));
    EXPECT_THAT(complaint("deep-sink:"), HasSubstr("nothing follows"));
    EXPECT_THAT(complaint("deep-sink:sink=1,"), HasSubstr("nothing follows"));
    EXPECT_THAT(complaint("deep-forcing:budget=22"), HasSubstr("outside 3..21"));
    EXPECT_THAT(complaint("deep-forcing:recent=2"), HasSubstr("outside 3..6"));
    EXPECT_THAT(complaint("deep-forcing:topc_rope=both"), HasSubstr("keep, unify"));
    EXPECT_THAT(complaint("window:window=2"), HasSubstr("outside 3..10000"));
    EXPECT_THAT(complaint("infinity-rope:sink=4"), HasSubstr("outside 0..3"));
    EXPECT_THAT(complaint("infinity-rope:sink=2,flush=2"), HasSubstr("outside 0..1"));
    EXPECT_THAT(complaint("ema-sink:share=1001"), HasSubstr("outside 0..1000"));
    EXPECT_THAT(complaint("rebuild:frames=4"), HasSubstr("outside 1..3"));
    EXPECT_THAT(complaint("streaming-vlm:sink=10,long=9"), HasSubstr("outside 0..5"));
    EXPECT_THAT(complaint("entropy:sink=10,recent=9"), HasSubstr("outside 0..8"));
    EXPECT_THAT(complaint("entropy:decay=0"), HasSubstr("outside 1..1000"));
    EXPECT_THAT(complaint("surprise:time=keep"), HasSubstr("no option 'time'"));
}

TEST(CachePolicy, RefusesWithTheSizesThatWouldDo) {
    for (const std::string name :
         {"sink", "deep-sink", "infinity-rope", "entropy", "surprise", "recache", "ema-sink"}) {
        EXPECT_THAT(complaint(name + ":window=9,sink=7"), HasSubstr("sink=7 is outside")) << name;
        EXPECT_THAT(complaint(name + ":window=9,sink=7"), HasSubstr("..6")) << name;
        EXPECT_EQ(complaint(name + ":window=9,sink=6"), "accepted") << name;
    }
    EXPECT_THAT(complaint("deep-forcing:sink=13"),
                HasSubstr("sink 13 and recent 4 exceed the budget of 16 frames; use budget=17"));
    EXPECT_EQ(complaint("deep-forcing:sink=13,budget=17"), "accepted");
    EXPECT_THAT(complaint("deep-forcing:sink=19"), HasSubstr("use window=23,budget=23 or more"));
    EXPECT_EQ(complaint("deep-forcing:sink=19,window=23,budget=23"), "accepted");
    EXPECT_THAT(complaint("deep-forcing:queries=clean,recent=3"), HasSubstr("use recent=4"));
    EXPECT_EQ(complaint("deep-forcing:queries=clean,recent=4"), "accepted");
    EXPECT_THAT(complaint("ema-sink:window=3"), HasSubstr("use window=4 or more"));
    EXPECT_THAT(complaint("memrope:window=4"), HasSubstr("use window=5 or more"));
    EXPECT_THAT(complaint("streaming-vlm:window=5"), HasSubstr("use window=6 or more"));
    EXPECT_THAT(complaint("rolling-sink:window=6"), HasSubstr("use window=9"));
    EXPECT_THAT(complaint("rolling-sink:window=10"), HasSubstr("use window=12"));
}

// Of a window that is too small, what the message says works, and what works goes on working.
TEST(CachePolicy, AnyWindowWorksOrIsRefused) {
    for (const std::string& name : cache_policy_names()) {
        if (name == "rebuild" || name == "forcing-kv" || name == "dummy-forcing" ||
            name == "relic") {
            continue;  // no window; head labels, columns: see their own tests
        }
        for (const int64_t window : {3, 4, 5, 6, 7, 9, 11, 12, 22}) {
            std::string text = name + ":window=" + std::to_string(window);
            if (const std::string message = complaint(text); message != "accepted") {
                const std::string advice = "use window=";
                const size_t at = message.find(advice);
                ASSERT_NE(at, message.npos) << message;
                const int64_t wide = std::stoll(message.substr(at + advice.size()));
                EXPECT_GT(wide, window) << message;
                text = name + ":window=" + std::to_string(wide);
            }
            CacheDriver driver(text, kTiny);
            const auto limit = driver.memory.policy().frame_limit();
            for (int64_t chunk = 0; chunk < 12 && !(limit && 3 * chunk + 3 > *limit); ++chunk) {
                EXPECT_NO_THROW(driver.step()) << text << ", chunk " << chunk;
                EXPECT_LE(driver.memory.frames(), driver.memory.policy().window()) << text;
            }
        }
    }
}

}  // namespace
}  // namespace longtake::generator
