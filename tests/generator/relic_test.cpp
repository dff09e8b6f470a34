#include "core/error.h"
#include "generator/cache/downsampling.h"
#include "tests/generator/cache_driver.h"
#include "tests/generator/tiny_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <set>

namespace longtake::generator {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kRows = 4, kColumns = 8, kTokens = kRows * kColumns;
const CacheGeometry kRelicGeometry{
    .layers = 2, .heads = 2, .head_dim = 12, .tokens_per_frame = kTokens, .columns = kColumns};

TEST(Downsampling, FollowsTheScheduleOnAnyGrid) {
    // Grids that halve twice, of Wan 480p, of Wan 720p, of the tests' tiny model.
    for (const auto& [rows, columns] :
         {std::pair{12, 20}, {30, 52}, {45, 80}, {3, 4}, {18, 32}, {1, 4}}) {
        const Downsampling schedule(rows, columns);
        EXPECT_EQ(schedule.begin(Downsampling::kCycle), 3 * rows * columns);
        for (int64_t place = 0; place < Downsampling::kCycle; ++place) {
            const auto tokens = schedule.tokens(place);
            const int factor = Downsampling::kFactors[static_cast<size_t>(place)];
            EXPECT_TRUE(std::ranges::is_sorted(tokens));
            EXPECT_EQ(std::set(tokens.begin(), tokens.end()).size(), tokens.size());
            EXPECT_TRUE(std::ranges::all_of(
                tokens, [all = rows * columns](int32_t t) { return t >= 0 && t < all; }));
            const double due = static_cast<double>(rows * columns) / (factor * factor);
            EXPECT_NEAR(static_cast<double>(tokens.size()), due,
                        1.5 * static_cast<double>(columns) / factor)
                << rows << " x " << columns << " at " << place;
        }
        EXPECT_EQ(std::ssize(schedule.tokens(0)), rows * columns);
    }
    const Downsampling even(4, 8);
    EXPECT_THAT(even.tokens(2), testing::ElementsAre(9, 11, 13, 15, 25, 27, 29, 31));
    EXPECT_THROW(Downsampling(4, 6), InputError);
}

TEST(Relic, KeepsTheNewestWholeAndTheRestByTheSchedule) {
    const Downsampling schedule(kRows, kColumns);
    CacheDriver full("full:window=240", kRelicGeometry), driver("relic", kRelicGeometry);
    std::set<int64_t> cycles;
    for (int64_t start = 0; start < 240; start += 3) {
        full.step();
        const Plan plan = driver.step();
        for (int layer = 0; layer < 2; ++layer) {
            const auto tokens = driver.tokens(layer);
            const auto numbers = driver.memory.frame_numbers(layer);
            const auto all = full.view(layer), view = driver.view(layer);
            const auto* here = static_cast<const float*>(view.keys);
            const auto* there = static_cast<const float*>(all.keys);
            std::map<int64_t, std::set<int32_t>> seen;
            for (size_t slot = 0; slot < tokens.size(); ++slot) {
                const int64_t frame = tokens[slot] / kTokens;
                seen[frame].insert(static_cast<int32_t>(tokens[slot] % kTokens));
                // Every token where its frame was, with the key it had; the origin may have moved.
                ASSERT_EQ(numbers[slot], static_cast<double>(frame)) << slot << " at " << start;
                for (int64_t i = 4; i < 12; ++i) {  // what is not turned by time
                    ASSERT_EQ(here[static_cast<int64_t>(slot) * 12 + i],
                              there[tokens[slot] * 12 + i]);
                }
            }
            if (start < 21) {
                continue;
            }
            ASSERT_LE(plan.len_after, 21);
            for (int64_t frame = start - 6; frame < start + 3; ++frame) {
                ASSERT_EQ(std::ssize(seen[frame]), kTokens) << frame << " at " << start;
            }
            for (const auto& [frame, kept] : seen) {
                if (frame < start - 6) {
                    const auto wanted = schedule.tokens(frame % 18);
                    ASSERT_EQ(kept, std::set(wanted.begin(), wanted.end()))
                        << frame << " at " << start;
                }
            }
            for (int64_t frame = std::max<int64_t>(0, start - 24); frame < start - 6; ++frame) {
                ASSERT_TRUE(seen.contains(frame)) << frame << " at " << start;
            }
            for (int64_t i = 0; i < driver.memory.recall()->settings().blocks && plan.recalled;
                 ++i) {
                cycles.insert(driver.memory.recall()->block_at(layer, i));
            }
        }
    }
    EXPECT_GE(cycles.size(), 6u);
}

// The camera goes to and fro; the queries, which are random, have no say.
TEST(Relic, BringsBackWhatTheCameraSaw) {
    CacheDriver driver("relic:blocks=1", kRelicGeometry);
    const auto camera_at = [](int64_t frame) {
        const int64_t turn = frame % 360;  // 20 cycles there and back
        return PlaneCamera{.x = 0.01 * static_cast<double>(turn < 180 ? turn : 360 - turn)};
    };
    int right = 0, asked = 0;
    for (int64_t start = 0; start < 720; start += 3) {
        driver.memory.look_from(camera_at(start));
        const Plan plan = driver.step();
        if (!plan.recalled || start < 200) {
            continue;
        }
        for (int layer = 0; layer < 2; ++layer) {
            const int64_t block = driver.memory.recall()->block_at(layer, 0);
            double best = INFINITY, got = INFINITY;
            for (int64_t b = 0; b < plan.recalled->outside; ++b) {
                for (int64_t f = 18 * b; f < 18 * (b + 1); f += 3) {
                    const double d = std::abs(camera_at(f).x - camera_at(start).x);
                    best = std::min(best, d);
                    got = b == block ? std::min(got, d) : got;
                }
            }
            ++asked;
            right += got <= best + 1e-6;
        }
    }
    EXPECT_GT(asked, 200);
    EXPECT_EQ(right, asked);
}

TEST(Relic, AfterAPictureAndThroughTheFile) {
    for (const char* text : {"relic", "relic:host=1,disk=2", "relic:window=27,recent=3"}) {
        CacheDriver driver(text, kRelicGeometry);
        driver.step_frames(1, 2);
        for (int64_t start = 1; start < 300; start += 3) {
            const Plan plan = driver.step();
            ASSERT_LE(plan.len_after, driver.memory.policy().window());
            const auto numbers = driver.memory.frame_numbers(1);
            const auto tokens = driver.tokens(1);
            for (size_t slot = 0; slot < tokens.size(); ++slot) {
                ASSERT_EQ(numbers[slot], static_cast<double>(tokens[slot] / kTokens))
                    << text << " at " << start;
            }
        }
    }
}

TEST(Relic, TheSameAgain) {
    const auto chunks = take(seeded(1, "relic"), 24);
    EXPECT_TRUE(same_take(take(seeded(1, "relic"), 24), chunks));
    const auto full = take(seeded(1, "full"), 7);
    EXPECT_TRUE(same_take({chunks.begin(), chunks.begin() + 7}, full));
}

TEST(Relic, RefusesWithTheSizesThatWouldDo) {
    const auto refusal = [](const std::string& text, const CacheGeometry& geometry) {
        try {
            CacheMemory memory(policy(text), geometry);
        } catch (const InputError& e) {
            return std::string(e.what());
        }
        return std::string();
    };
    EXPECT_THAT(refusal("relic:window=18", kRelicGeometry), HasSubstr("use window=21 or more"));
    EXPECT_THAT(refusal("relic:blocks=5", kRelicGeometry), HasSubstr("use window=27"));
    EXPECT_EQ(refusal("relic:blocks=5,window=27", kRelicGeometry), "");
    CacheGeometry narrow = kRelicGeometry;
    narrow.columns = 2;
    EXPECT_THAT(refusal("relic", narrow), HasSubstr("cannot be halved twice"));
}

}  // namespace
}  // namespace longtake::generator
