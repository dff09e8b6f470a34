#include "core/error.h"
#include "tests/generator/cache_driver.h"
#include "tests/generator/tiny_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <set>

namespace longtake::generator {
namespace {

using ::testing::HasSubstr;

const CacheGeometry kRetrievalGeometry{
    .layers = 2, .heads = 2, .head_dim = 12, .tokens_per_frame = 8};
// A block has 288 KiB: a MiB holds two and the one on its way to the file.
const CacheGeometry kLarge{.layers = 2, .heads = 2, .head_dim = 12, .tokens_per_frame = 256};

// Everything that has left comes back before chunk `last`, the only one that is planned otherwise.
class EverythingBack : public CachePolicy {
  public:
    explicit EverythingBack(int64_t last) : CachePolicy(3 * (last + 1)), last_(last) {}

    std::optional<RecallSettings> recall() const override {
        return RecallSettings{.blocks = last_ - 1,
                              .block_frames = 3,
                              .block_span = 3,
                              .least_stored = last_,
                              .in_place = true};
    }
    Plan plan(const Border& border) const override {
        Plan plan = append(border);
        if (border.first_frame > 0) {
            plan.stored = {border.first_frame / 3 - 1,
                           {border.cached - 3, border.cached},
                           border.first_frame - 3};
        }
        if (border.first_frame == 3 * last_) {
            plan.recalled = {{0, 3 * (last_ - 1)}, last_ - 1, 0};
            plan.head = plan.recalled->slots;
            plan.tail = {plan.head.end, border.cached};
        }
        return plan;
    }

  private:
    int64_t last_;
};

void run_chunk(CacheMemory& memory, const CacheGeometry& g, int64_t chunk) {
    memory.begin_chunk(3);
    for (const auto pass : {CacheMemory::Pass::Noisy, CacheMemory::Pass::Clean}) {
        memory.begin_pass(pass);
        for (int layer = 0; layer < g.layers; ++layer) {
            Rows rows = random_rows(g, 3 * chunk, 3, static_cast<uint32_t>(layer));
            turn(rows.queries, memory.query_positions());
            memory.update(layer, rows.queries, rows.keys, rows.values);
        }
    }
}

// What attention reads in a slot: the keys and values of all heads.
std::vector<float> row_of(const CacheGeometry& g, const diffusion::KvView& view, int64_t slot) {
    std::vector<float> row;
    for (const void* part : {view.keys, view.values}) {
        for (int64_t h = 0; h < g.heads; ++h) {
            const float* at =
                static_cast<const float*>(part) + (h * view.stride + slot) * g.head_dim;
            row.insert(row.end(), at, at + g.head_dim);
        }
    }
    return row;
}

TEST(Retrieval, OfEverythingEqualsFull) {
    constexpr int64_t kLast = 6;
    CacheMemory full(policy("full:window=21"), kRetrievalGeometry);
    CacheMemory memory(std::make_shared<EverythingBack>(kLast), kRetrievalGeometry);
    for (int64_t chunk = 0; chunk <= kLast; ++chunk) {
        if (chunk == kLast) {  // nothing of what comes back is there any more
            for (int layer = 0; layer < kRetrievalGeometry.layers; ++layer) {
                Tensor kept = memory.store().kept(layer);
                for (int64_t group = 0; group < kept.extent(0); ++group) {
                    float* rows = kept.data<float>() + group * kept.extent(1) * kept.extent(2);
                    std::fill(rows, rows + 3 * (kLast - 1) * 8 * 12, NAN);
                }
            }
        }
        run_chunk(full, kRetrievalGeometry, chunk);
        run_chunk(memory, kRetrievalGeometry, chunk);
    }
    for (int layer = 0; layer < kRetrievalGeometry.layers; ++layer) {
        const auto a = full.store().view(layer, 21 * 8), b = memory.store().view(layer, 21 * 8);
        for (int64_t slot = 0; slot < 21 * 8; ++slot) {
            ASSERT_EQ(row_of(kRetrievalGeometry, b, slot), row_of(kRetrievalGeometry, a, slot))
                << slot;
        }
        EXPECT_EQ(memory.frame_numbers(layer), full.frame_numbers(layer));
    }
}

class RetrievalTiers : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Retrieval, RetrievalTiers,
                         testing::Values("", ",choice=all", ",host=1,disk=20", ",blocks=2,sink=5"),
                         [](const auto& test) { return std::to_string(test.index); });

// By way of memory and of the file: slot for slot what `full` has of the same frames, to the bit.
TEST_P(RetrievalTiers, HoldsPartsOfWhatFullHolds) {
    CacheDriver full("full:window=90", kLarge), driver("retrieval:time=keep" + GetParam(), kLarge);
    std::set<int64_t> came_back;
    for (int chunk = 0; chunk < 28; ++chunk) {
        full.step();
        const Plan plan = driver.step();
        for (int layer = 0; layer < kLarge.layers; ++layer) {
            const auto tokens = driver.tokens(layer);
            ASSERT_EQ(std::set(tokens.begin(), tokens.end()).size(), tokens.size());
            const auto all = full.view(layer), view = driver.view(layer);
            const auto numbers = driver.memory.frame_numbers(layer);
            for (size_t slot = 0; slot < tokens.size(); slot += 37) {
                ASSERT_EQ(numbers[slot], static_cast<double>(tokens[slot] / 256));
                ASSERT_EQ(row_of(kLarge, view, static_cast<int64_t>(slot)),
                          row_of(kLarge, all, tokens[slot]))
                    << "chunk " << chunk << ", slot " << slot;
                if (plan.recalled && static_cast<int64_t>(slot) / 256 < plan.recalled->slots.end) {
                    came_back.insert(tokens[slot] / 256);
                }
            }
        }
    }
    EXPECT_GT(came_back.size(), 30u);  // frames of many blocks, not the same ones for ever
}

TEST(Retrieval, WhatComesBackStandsBeforeTheNewest) {
    CacheDriver driver("retrieval:time=unify", kRetrievalGeometry);
    for (int chunk = 0; chunk < 60; ++chunk) {
        const Plan plan = driver.step();
        for (int layer = 0; layer < 2; ++layer) {
            const auto numbers = driver.memory.frame_numbers(layer);
            const auto tokens = driver.tokens(layer);
            std::map<double, int64_t> frame_at;  // by position
            for (size_t slot = 0; slot < tokens.size(); ++slot) {
                frame_at[numbers[slot]] = tokens[slot] / 8;
            }
            // One after another, none twice, the oldest first.
            ASSERT_EQ(std::ssize(frame_at), plan.len_after);
            ASSERT_EQ(frame_at.rbegin()->first - frame_at.begin()->first,
                      static_cast<double>(plan.len_after - 1));
            int64_t before = -1;
            for (const auto& [position, frame] : frame_at) {
                ASSERT_LT(before, frame);
                before = frame;
            }
        }
    }
}

// A chunk whose queries look for one direction, which the keys of block 4 have.
Plan ask_for_block_4(CacheMemory& memory, int64_t chunk) {
    const Plan plan = memory.begin_chunk(3);
    for (const auto pass : {CacheMemory::Pass::Noisy, CacheMemory::Pass::Clean}) {
        memory.begin_pass(pass);
        for (int layer = 0; layer < 2; ++layer) {
            Rows rows = random_rows(kRetrievalGeometry, 3 * chunk, 3, 0);
            // The last pair of a head is turned by width only.
            for (int64_t t = 0; t < rows.queries.extent(0); ++t) {
                rows.queries.data<float>()[t * 24 + 11] = 10;
                rows.keys.data<float>()[t * 24 + 11] = chunk == 5 ? 3 : 0;
            }
            memory.update(layer, rows.queries, rows.keys, rows.values);
        }
    }
    return plan;
}

TEST(Retrieval, BringsBackWhatIsAskedFor) {
    for (const char* text :
         {"retrieval:blocks=1", "retrieval:blocks=1,choice=all", "retrieval:blocks=1,time=unify"}) {
        CacheMemory memory(policy(text), kRetrievalGeometry);
        for (int64_t chunk = 0; chunk < 30; ++chunk) {
            const Plan plan = ask_for_block_4(memory, chunk);
            if (plan.recalled && chunk > 10) {  // block 4 is chunk 5, behind the sink
                EXPECT_EQ(memory.recall()->block_at(0, 0), 4) << text << " at " << chunk;
                EXPECT_EQ(memory.recall()->block_at(1, 0), 4) << text << " at " << chunk;
            }
        }
    }
}

// Another prompt from chunk 15 on, the first one again from chunk 25 on. Blocks that were not made
// under the prompt in force come by how new they are.
TEST(Retrieval, AsksForWhatWasShownUnderTheSamePrompt) {
    for (const bool own : {true, false}) {
        CacheMemory memory(policy(own ? "retrieval:blocks=1" : "retrieval:blocks=1,prompts=all"),
                           kRetrievalGeometry);
        for (int64_t chunk = 0; chunk < 35; ++chunk) {
            memory.show(chunk < 15 || chunk >= 25 ? 1 : 2);
            const Plan plan = ask_for_block_4(memory, chunk);
            if (!plan.recalled || chunk < 11) {
                continue;
            }
            const int64_t block = memory.recall()->block_at(0, 0);
            const bool elsewhere = own && chunk >= 15 && chunk < 25;
            const int64_t newest = plan.recalled->outside - 1;
            if (!elsewhere) {
                EXPECT_EQ(block, 4) << chunk;
            } else if (newest < 14) {  // no block of this prompt has left the window yet
                EXPECT_EQ(block, newest) << chunk;
            } else {
                EXPECT_GE(block, 14) << chunk;  // of chunk 15 and after
            }
        }
    }
}

TEST(Retrieval, LayersChooseOnTheirOwnOrAlike) {
    for (const bool alike : {false, true}) {
        CacheDriver driver(alike ? "retrieval:choice=all" : "retrieval", kRetrievalGeometry);
        int same = 0;
        for (int chunk = 0; chunk < 40; ++chunk) {
            driver.step();
            same += driver.tokens(0) == driver.tokens(1);
        }
        EXPECT_EQ(same == 40, alike) << same;
    }
}

// What was not asked for goes first, and the newest never.
TEST(Retrieval, ForgetsBeyondItsBudget) {
    CacheDriver driver("retrieval:host=3,disk=1", kLarge);
    const BlockStore& stored = driver.memory.recall()->stored();
    EXPECT_EQ(stored.capacity(), 9 + 3);
    for (int chunk = 0; chunk < 40; ++chunk) {
        driver.step();
        EXPECT_LE(std::ssize(stored.blocks()), stored.capacity());
    }
    EXPECT_EQ(std::ssize(stored.blocks()), stored.capacity());
    for (int64_t block = 36; block < 38; ++block) {
        EXPECT_EQ(stored.block(block).number, block);
    }
}

// The take begins with one frame: blocks and chunks do not begin together.
TEST(Retrieval, AfterAPicture) {
    CacheDriver full("full:window=70", kRetrievalGeometry),
        driver("retrieval:time=keep", kRetrievalGeometry);
    full.step_frames(1, 2);
    driver.step_frames(1, 2);
    for (int chunk = 0; chunk < 22; ++chunk) {
        full.step();
        const Plan plan = driver.step();
        EXPECT_LE(plan.len_after, 21);
        EXPECT_GE(plan.len_after, std::min<int64_t>(19, plan.len_before + 3));
        const auto tokens = driver.tokens(0);
        ASSERT_EQ(std::set(tokens.begin(), tokens.end()).size(), tokens.size());
        const auto all = full.view(0), view = driver.view(0);
        for (size_t slot = 0; slot < tokens.size(); ++slot) {
            ASSERT_EQ(row_of(kRetrievalGeometry, view, static_cast<int64_t>(slot)),
                      row_of(kRetrievalGeometry, all, tokens[slot]));
        }
    }
}

TEST(Retrieval, IsFullUntilTheWindowIsAndTheSameAgain) {
    const std::string small = "retrieval:window=12,sink=3,blocks=1";
    const auto chunks = take(seeded(1, small), 9);
    const auto full = take(seeded(1, "full:window=12"), 4);
    EXPECT_TRUE(same_take({chunks.begin(), chunks.begin() + 4}, full));
    EXPECT_TRUE(same_take(take(seeded(1, small), 9), chunks));
    EXPECT_TRUE(same_take(take(seeded(1, small + ",host=1,disk=1"), 9), chunks));
}

std::string refusal(const std::string& text, const CacheGeometry& geometry) {
    try {
        CacheMemory memory(policy(text), geometry);
    } catch (const InputError& e) {
        return e.what();
    }
    return "";
}

TEST(Retrieval, RefusesWithTheSizesThatWouldDo) {
    EXPECT_THAT(refusal("retrieval:window=8", kLarge), HasSubstr("use window=9 or more"));
    EXPECT_THAT(refusal("retrieval:sink=10,blocks=4", kLarge), HasSubstr("use window=28"));
    EXPECT_EQ(refusal("retrieval:sink=10,blocks=4,window=28", kLarge), "");
    EXPECT_THAT(refusal("retrieval:host=1", kLarge), HasSubstr("use host=3 or more"));
    EXPECT_EQ(refusal("retrieval:host=3", kLarge), "");
    EXPECT_THAT(refusal("retrieval:host=1000000000", kLarge), HasSubstr("this machine has"));
    EXPECT_THAT(refusal("retrieval:disk=1,dir=/dev/full", kLarge),
                HasSubstr("/dev/full is not a folder"));
    EXPECT_THAT(refusal("retrieval:disk=1000000000", kLarge), HasSubstr("has room for"));
    EXPECT_THAT(refusal("retrieval:blocks=0", kLarge), HasSubstr("blocks=0 is outside"));
}

}  // namespace
}  // namespace longtake::generator
