#include "generator/control/control_queue.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace longtake::generator {
namespace {

TEST(ControlQueue, NumbersInOrderAndHandsOutOnce) {
    ControlQueue queue;
    EXPECT_FALSE(queue.waiting());
    EXPECT_EQ(queue.post(ShowPrompt{"a", false}), 1);
    EXPECT_EQ(queue.post(BeginTake{.seed = 3, .cache = "full"}), 2);
    EXPECT_TRUE(queue.waiting());
    EXPECT_EQ(queue.takes(), 1);
    const auto taken = queue.take();
    ASSERT_EQ(taken.size(), 2u);
    EXPECT_EQ(taken[0].revision, 1);
    EXPECT_EQ(std::get<ShowPrompt>(taken[0].control).text, "a");
    EXPECT_EQ(std::get<BeginTake>(taken[1].control).seed, 3u);
    EXPECT_TRUE(queue.take().empty());
    EXPECT_EQ(queue.post(PlanPrompts{}), 3);
    EXPECT_EQ(queue.takes(), 1);
}

TEST(ControlQueue, LosesNothingBetweenThreads) {
    ControlQueue queue;
    constexpr int kEach = 2000;
    const auto post = [&] {
        for (int i = 0; i < kEach; ++i) {
            queue.post(ShowPrompt{"x", false});
        }
    };
    std::thread a(post), b(post);
    std::set<int64_t> revisions;
    int64_t last = 0;
    while (std::ssize(revisions) < 2 * kEach) {
        for (const auto& control : queue.take()) {
            EXPECT_GT(control.revision, last);
            last = control.revision;
            revisions.insert(last);
        }
    }
    a.join();
    b.join();
    EXPECT_EQ(last, 2 * kEach);
}

}  // namespace
}  // namespace longtake::generator
