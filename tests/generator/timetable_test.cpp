#include "generator/timetable.h"

#include "core/error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

namespace longtake::generator {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

double ms_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

struct FakeTake {
    std::atomic<bool> busy{false};
    std::vector<double> begun;  // ms
    int finished = 0;
};

std::vector<TimedTake> timed(std::vector<FakeTake>& takes, Clock::time_point start,
                             const std::function<void()>& work) {
    std::vector<TimedTake> all;
    for (FakeTake& take : takes) {
        all.push_back({[&take, start, work] {
                           EXPECT_FALSE(take.busy.exchange(true));
                           take.begun.push_back(ms_since(start));
                           work();
                       },
                       [&take] {
                           EXPECT_TRUE(take.busy.exchange(false));
                           ++take.finished;
                       }});
    }
    return all;
}

TEST(Timetable, EveryTakeGetsItsChunksNoneBeforeTheOneBeforeItIsShown) {
    std::vector<FakeTake> takes(5);
    const auto start = Clock::now();
    const auto all = timed(takes, start, [] {});
    const TimetableReport report = keep_timetable(all, {.period = 0.02, .chunks = 4, .workers = 2});
    EXPECT_EQ(report.ready_ms.size(), 20U);
    for (size_t i = 0; i < takes.size(); ++i) {
        EXPECT_EQ(takes[i].finished, 4);
        for (size_t k = 0; k < takes[i].begun.size(); ++k) {
            const double earliest = 20.0 * static_cast<double>(k) + 4.0 * static_cast<double>(i);
            EXPECT_GE(takes[i].begun[k], earliest - 1e-3) << "take " << i << ", chunk " << k;
        }
    }
    EXPECT_GE(*std::ranges::min_element(report.ready_ms), 0);
}

TEST(Timetable, WhatTakesLongerThanItLastsIsLate) {
    std::vector<FakeTake> takes(1);
    const auto start = Clock::now();
    const auto all = timed(takes, start, [] { std::this_thread::sleep_for(15ms); });
    const TimetableReport report =
        keep_timetable(all, {.period = 0.005, .chunks = 4, .workers = 3});
    EXPECT_EQ(report.late, 4);
    EXPECT_GE(report.longest_pause_ms, 10);
    // A take that was late goes on later; otherwise its last chunk would be 40 ms behind.
    EXPECT_GE(*std::ranges::min_element(report.ready_ms), 15);
    EXPECT_GE(takes[0].begun[3], 3 * 15);
}

// All are due when the first chunk is half-way: then they go in the order of their times.
TEST(Timetable, WhatIsDueFirstGoesFirst) {
    std::vector<FakeTake> takes(6);
    std::vector<size_t> order;
    std::vector<TimedTake> all;
    for (size_t i = 0; i < takes.size(); ++i) {
        all.push_back({[&order, i] {
                           order.push_back(i);
                           std::this_thread::sleep_for(30ms);
                       },
                       [] {}});
    }
    keep_timetable(all, {.period = 0.012, .chunks = 2, .workers = 1});
    EXPECT_EQ(order.size(), 12U);
    EXPECT_TRUE(std::ranges::is_sorted(order.begin(), order.begin() + 6));
}

TEST(Timetable, SaysWhatWentWrong) {
    const std::vector<TimedTake> all{{[] { fail("no more memory"); }, [] {}}, {[] {}, [] {}}};
    EXPECT_THROW(keep_timetable(all, {.period = 0.001, .chunks = 3, .workers = 2}), Error);
    EXPECT_THROW(keep_timetable(all, {.period = 0, .chunks = 3, .workers = 2}), Error);
}

}  // namespace
}  // namespace longtake::generator
