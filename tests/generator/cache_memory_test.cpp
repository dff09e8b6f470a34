#include "generator/cache/cache_memory.h"

#include "core/error.h"
#include "tests/core/sanitized.h"
#include "tests/generator/allocation_counter.h"
#include "tests/generator/cache_driver.h"
#include "tests/generator/released_deep_forcing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <set>

namespace longtake::generator {
namespace {

const CacheGeometry kGeometry{
    .layers = 2, .heads = 2, .head_dim = 12, .tokens_per_frame = 8, .columns = 4};

std::string deep_forcing(const ReleasedDeepForcing::Settings& s) {
    return fmt::format("deep-forcing:sink={},budget={},recent={},reuse_limit={}", s.sink, s.budget,
                       s.recent, s.reuse_limit);
}

// Long enough for the origin of positions to move several times.
void expect_as_released(const ReleasedDeepForcing::Settings& settings, int chunks) {
    SCOPED_TRACE(deep_forcing(settings));
    CacheDriver driver(deep_forcing(settings), kGeometry);
    std::vector<ReleasedDeepForcing> released(2, ReleasedDeepForcing(settings, kGeometry));
    constexpr int kPasses = 3;
    for (int64_t start = 0; start < 3 * chunks; start += 3) {
        driver.step(kPasses);
        for (int layer = 0; layer < 2; ++layer) {
            for (int pass = 0; pass < kPasses; ++pass) {
                released[layer].pass(
                    random_rows(kGeometry, start, 3, static_cast<uint32_t>(pass * 2 + layer)),
                    start, pass == 0);
            }
            std::vector<int64_t> numbers;
            std::vector<double> frames;
            std::vector<int> reuse;
            for (const auto& token : released[layer].cache) {
                numbers.push_back(token.number);
                frames.push_back(token.frame);
                reuse.push_back(token.reuse);
            }
            ASSERT_EQ(driver.tokens(layer), numbers) << "layer " << layer << " at " << start;
            ASSERT_EQ(driver.memory.frame_numbers(layer), frames);
            const Tensor counters = driver.memory.store().reuse(layer);
            ASSERT_TRUE(std::equal(reuse.begin(), reuse.end(), counters.data<uint8_t>()));
        }
    }
}

TEST(CacheMemory, SelectsTheTokensTheReleaseSelects) {
    expect_as_released({}, 80);
    expect_as_released({.sink = 6}, 40);
    expect_as_released({.budget = 18}, 40);
    expect_as_released({.sink = 14, .budget = 18}, 40);
    expect_as_released({.budget = 15}, 40);
    expect_as_released({.sink = 4, .budget = 12, .recent = 6}, 40);
    expect_as_released({.reuse_limit = 0}, 40);
    expect_as_released({.reuse_limit = 1}, 40);
}

TEST(CacheMemory, LayersChooseOnTheirOwn) {
    CacheDriver driver("deep-forcing", kGeometry);
    for (int chunk = 0; chunk < 8; ++chunk) {
        driver.step();
    }
    EXPECT_NE(driver.tokens(0), driver.tokens(1));
}

TEST(CacheMemory, WhoVotesMatters) {
    std::set<std::vector<int64_t>> choices;
    for (const char* text : {"deep-forcing", "deep-forcing:queries=noisy",
                             "deep-forcing:queries=clean", "deep-forcing:score=random"}) {
        CacheDriver driver(text, kGeometry);
        for (int chunk = 0; chunk < 8; ++chunk) {
            driver.step();
        }
        choices.insert(driver.tokens(0));
    }
    EXPECT_EQ(choices.size(), 4u);
}

// A token whose key every query loves: it stays until the reuse limit takes it.
int fires_survived(const std::string& text) {
    CacheMemory memory(policy(text), kGeometry);
    const int64_t favourite = 15 * kGeometry.tokens_per_frame + 3;
    int fires = 0;
    for (int64_t start = 0; start < 150; start += 3) {
        const Plan plan = memory.begin_chunk(3);
        for (int layer = 0; layer < 2; ++layer) {
            Rows rows = random_rows(kGeometry, start, 3, 0);
            // The last pair of a head is turned by width only, so that time cannot hide it.
            for (int64_t t = 0; t < rows.queries.extent(0); ++t) {
                rows.queries.data<float>()[t * 24 + 11] = 10;
                if (start * kGeometry.tokens_per_frame + t == favourite) {
                    rows.keys.data<float>()[t * 24 + 11] = 1000;
                }
            }
            memory.update(layer, rows.queries, rows.keys, rows.values);
        }
        const auto view = memory.store().view(1, memory.frames() * kGeometry.tokens_per_frame);
        bool held = false;
        for (int64_t slot = 0; slot < view.slots; ++slot) {
            held |=
                static_cast<const float*>(view.values)[slot * 12] == static_cast<float>(favourite);
        }
        fires += plan.fire && held;
    }
    return fires;
}

TEST(CacheMemory, ReuseLimitEndsALongLife) {
    EXPECT_EQ(fires_survived("deep-forcing"), 7);
    EXPECT_EQ(fires_survived("deep-forcing:reuse_limit=3"), 3);
    EXPECT_EQ(fires_survived("deep-forcing:reuse_limit=0"), 22);  // every fire there was
}

// More tokens to select per cycle than fresh ones arrive: the limit must not shorten the cache.
TEST(CacheMemory, NeverStarves) {
    CacheDriver driver("deep-forcing:sink=2,budget=20,reuse_limit=1", kGeometry);
    for (int chunk = 0; chunk < 60; ++chunk) {
        const Plan plan = driver.step();
        auto tokens = driver.tokens(0);
        std::ranges::sort(tokens);
        EXPECT_EQ(std::ranges::adjacent_find(tokens), tokens.end());
        EXPECT_EQ(std::ssize(tokens), plan.len_after * kGeometry.tokens_per_frame);
    }
}

TEST(CacheMemory, ResetForgetsEverything) {
    for (const char* name : {"deep-forcing", "deep-sink", "window", "sink"}) {
        CacheDriver used(name, kGeometry), fresh(name, kGeometry);
        for (int chunk = 0; chunk < 40; ++chunk) {
            used.step();
        }
        used.memory.reset();
        used.first_frame = 0;
        EXPECT_EQ(used.memory.frames(), 0);
        for (int chunk = 0; chunk < 12; ++chunk) {
            EXPECT_EQ(used.step(), fresh.step());
            EXPECT_EQ(used.tokens(1), fresh.tokens(1));
            EXPECT_TRUE(
                std::ranges::equal(used.memory.query_positions(), fresh.memory.query_positions()));
            EXPECT_EQ(used.memory.frame_numbers(1), fresh.memory.frame_numbers(1));
            const auto slots = static_cast<size_t>(used.memory.frames()) * 8;
            const Tensor a = used.memory.store().reuse(0), b = fresh.memory.store().reuse(0);
            EXPECT_EQ(std::memcmp(a.raw(), b.raw(), slots), 0);
        }
    }
}

TEST(CacheMemory, ACopyGoesOnLikeTheOriginal) {
    CacheDriver original("deep-forcing", kGeometry), copy("deep-forcing", kGeometry);
    for (int chunk = 0; chunk < 33; ++chunk) {
        original.step();
    }
    copy.memory.copy_from(original.memory);
    copy.first_frame = original.first_frame;
    for (int chunk = 0; chunk < 10; ++chunk) {
        EXPECT_EQ(original.step(), copy.step());
        EXPECT_EQ(original.tokens(0), copy.tokens(0));
        const auto a = original.memory.store().view(1, 1), b = copy.memory.store().view(1, 1);
        EXPECT_EQ(std::memcmp(a.keys, b.keys,
                              static_cast<size_t>(original.memory.frames()) * 8 *
                                  kGeometry.head_dim * sizeof(float)),
                  0);
    }
}

// After 10,000 chunks the sink's keys are what one single rotation gives.
TEST(CacheMemory, SinkDoesNotDrift) {
    const CacheGeometry g{.layers = 1, .heads = 1, .head_dim = 12, .tokens_per_frame = 1};
    CacheDriver driver("deep-sink", g);
    for (int chunk = 0; chunk < 10'000; ++chunk) {
        driver.step(2);
    }
    for (int64_t frame = 0; frame < 10; ++frame) {
        const int64_t row = frame % 3;
        Rows rows = random_rows(g, frame - row, 3, 1);  // the clean pass
        Tensor key = rows.keys.slice(row, row + 1).clone();
        const double position =
            driver.memory.store().positions(0).data<float>()[static_cast<size_t>(frame)];
        turn(key, std::array{position});
        const auto view = driver.memory.store().view(0, 21);
        const auto* held = static_cast<const float*>(view.keys) + frame * 12;
        EXPECT_TRUE(std::equal(held, held + 12, key.data<float>())) << frame;
        // Seen from the chunk, the sink stands where it stood at the first roll.
        EXPECT_EQ(position - driver.memory.query_positions()[0], static_cast<double>(frame - 21));
    }
}

TEST(CacheMemory, PositionsStaySmallForEver) {
    const CacheGeometry g{.layers = 1, .heads = 1, .head_dim = 6, .tokens_per_frame = 1};
    // Where keys never move in time, their origin seldom does: once in this test.
    constexpr int64_t kOften = 5 * 21, kSeldom = (1 << 20) + 21;
    struct Case {
        const char* name;
        int64_t most, frames;
    };
    for (const auto& [name, most, frames] : {Case{"window", kSeldom, 1'060'000},
                                             {"deep-sink", kOften, 60'000},
                                             {"deep-forcing", kOften, 60'000}}) {
        CacheMemory memory(policy(name), g);
        const Rows rows = random_rows(g, 0, 3, 0);
        for (int64_t frame = 0; frame < frames; frame += 3) {
            memory.begin_chunk(3);
            memory.update(0, rows.queries, rows.keys, rows.values);
            for (const double p : memory.query_positions()) {
                ASSERT_TRUE(p >= 0 && p <= static_cast<double>(most)) << name << " at " << frame;
            }
            for (const float p : memory.store().positions(0).values<float>().first(
                     static_cast<size_t>(memory.frames()))) {
                ASSERT_LE(std::abs(p), static_cast<float>(most)) << name << " at " << frame;
            }
        }
        EXPECT_LT(memory.query_positions()[0], 20'000) << name;
    }
}

TEST(CacheMemory, SteadyStateAllocatesNothing) {
    if (LONGTAKE_THREAD_SANITIZED) {
        GTEST_SKIP() << "ThreadSanitizer counts no allocations";
    }
    for (const std::string& name : cache_policy_names()) {
        if (name == "full" || name == "forcing-kv" || name == "dummy-forcing") {
            continue;  // has no steady state, or wants to know the heads
        }
        CacheMemory memory(policy(name), kGeometry);
        const Rows rows = random_rows(kGeometry, 0, 3, 0);
        const auto chunk = [&] {
            if (const int64_t again = memory.recached_before(3, Turn::None); again > 0) {
                memory.begin_recache(again);
            }
            memory.begin_chunk(3);
            for (const auto pass : {CacheMemory::Pass::Noisy, CacheMemory::Pass::Clean}) {
                memory.begin_pass(pass);
                memory.update(0, rows.queries, rows.keys, rows.values);
                memory.update(1, rows.queries, rows.keys, rows.values);
            }
        };
        for (int warm = 0; warm < 12; ++warm) {
            chunk();
        }
        const size_t before = allocations();
        for (int steady = 0; steady < 100; ++steady) {
            chunk();
        }
        EXPECT_LE(allocations() - before, 16u) << name;  // moving the origin makes one tensor view
    }
}

TEST(CacheMemory, RefusesWhatTheChunkIsNot) {
    CacheMemory memory(policy("window"), kGeometry);
    memory.begin_chunk(3);
    const Rows rows = random_rows(kGeometry, 0, 2, 0);
    EXPECT_THROW(memory.update(0, rows.queries, rows.keys, rows.values), Error);
    EXPECT_THROW(memory.update(2, rows.queries, rows.keys, rows.values), Error);
    EXPECT_THROW(memory.begin_chunk(22), Error);
}

}  // namespace
}  // namespace longtake::generator
