#include "core/error.h"
#include "generator/cache/head_masses.h"
#include "generator/head_calibration.h"
#include "tests/core/temporary_folder.h"
#include "tests/generator/cache_driver.h"
#include "tests/generator/tiny_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

// Caches of which every head sees a part of its own.
namespace longtake::generator {
namespace {

using ::testing::HasSubstr;

const CacheGeometry kThreeHeads{.layers = 2, .heads = 3, .head_dim = 12, .tokens_per_frame = 4};

// Of both layers: head 0 looks nearby and at the middle, head 1 at the first frame, head 2 at
// neither.
HeadMasses masses() {
    return {.layers = 2,
            .heads = 3,
            .recent = {0.9F, 0.5F, 0.6F, 0.9F, 0.5F, 0.6F},
            .first = {0.1F, 0.6F, 0.1F, 0.1F, 0.6F, 0.1F},
            .middle = {0.5F, 0.1F, 0.1F, 0.5F, 0.1F, 0.1F}};
}

class HeadCache : public testing::Test {
  protected:
    HeadCache() { masses().write(file_); }
    CacheMemory memory(const std::string& name) const {
        return CacheMemory(make_cache_policy(name + ":" + options_ + file_.string(),
                                             {.layers = 2, .heads = 3, .tokens_per_frame = 4}),
                           kThreeHeads);
    }
    // Token numbers that a head of layer 1 sees, sorted.
    static std::vector<int64_t> seen(const diffusion::KvView& view, int head) {
        std::vector<int64_t> tokens;
        int groups = 0;
        for (const diffusion::HeadGroup& group : view.groups) {
            for (int i = 0; i < group.heads.size(3); ++i) {
                if (group.heads[i] == head) {
                    ++groups;
                    for (int64_t slot = group.begin; slot < group.end; ++slot) {
                        // The number is in the values of head 0.
                        tokens.push_back(static_cast<int64_t>(
                            static_cast<const float*>(view.values)[slot * kThreeHeads.head_dim]));
                    }
                }
            }
        }
        EXPECT_EQ(groups, 1) << "head " << head;
        std::ranges::sort(tokens);
        return tokens;
    }
    static std::vector<int64_t> frames(std::initializer_list<int64_t> numbers) {
        std::vector<int64_t> tokens;
        for (const int64_t frame : numbers) {
            for (int64_t i = 0; i < 4; ++i) {
                tokens.push_back(4 * frame + i);
            }
        }
        return tokens;
    }
    // Chunk after chunk; calls check(first frame, what layer 1 attends to, its plan).
    template <typename Check> void run(CacheMemory memory, int64_t first_chunk, Check&& check) {
        int64_t start = 0;
        while (start < 40) {
            const int64_t count = start == 0 ? first_chunk : 3;
            memory.begin_chunk(count);
            diffusion::KvView view;
            for (const auto pass : {CacheMemory::Pass::Noisy, CacheMemory::Pass::Clean}) {
                memory.begin_pass(pass);
                for (int layer = 0; layer < 2; ++layer) {
                    Rows rows =
                        random_rows(kThreeHeads, start, count, static_cast<uint32_t>(layer));
                    keep_changing(rows, start);
                    view = memory.update(layer, rows.queries, rows.keys, rows.values);
                }
            }
            check(start, view, memory);
            start += count;
        }
    }
    // Keys that stay as they are from frame to frame, but for half of the tokens of every other
    // frame. Only the last pair of a head, which time does not turn, is not zero.
    static void keep_changing(Rows& rows, int64_t start) {
        for (int64_t t = 0; t < rows.keys.extent(0); ++t) {
            const int64_t frame = start + t / 4;
            for (int64_t h = 0; h < 3; ++h) {
                float* key = rows.keys.data<float>() + (t * 3 + h) * 12;
                std::fill_n(key, 12, 0.F);
                key[10] = 1;
                key[11] = t % 4 >= 2 ? static_cast<float>(frame * 37 % 11) : 0;
            }
        }
    }

    TemporaryFolder folder_;
    std::filesystem::path file_ = folder_.path() / "heads.json";
    std::string options_ = "heads=";
};

TEST_F(HeadCache, DummyForcingShowsEveryHeadWhatItLooksAt) {
    for (const int64_t first : {3, 1}) {
        run(memory("dummy-forcing"), first, [&](int64_t start, const auto& view, const auto&) {
            if (start == 0) {
                for (int head = 0; head < 3; ++head) {
                    EXPECT_EQ(seen(view, head), first == 1 ? frames({0}) : frames({0, 1, 2}));
                }
                return;
            }
            EXPECT_EQ(seen(view, 1), frames({0, start, start + 1, start + 2}));
            EXPECT_EQ(seen(view, 2), frames({start - 1, start, start + 1, start + 2}));
            EXPECT_EQ(seen(view, 0), start == 1 ? frames({0, 1, 2, 3})
                                                : frames({start - 3, start - 2, start - 1, start,
                                                          start + 1, start + 2}));
        });
    }
}

TEST_F(HeadCache, ForcingKvShowsFarHeadsWhatChangedMost) {
    options_ = "patches=2,heads=";
    for (const int64_t first : {3, 1}) {
        run(memory("forcing-kv"), first, [&](int64_t start, const auto& view, const auto&) {
            if (start == 0) {
                EXPECT_EQ(seen(view, 1), first == 1 ? frames({0}) : frames({0, 1, 2}));
                return;
            }
            auto near = start == 1 ? frames({0, 0, 1, 2, 3})
                                   : frames({0, start - 1, start, start + 1, start + 2});
            std::ranges::sort(near);
            EXPECT_EQ(seen(view, 0), near) << start;
            EXPECT_EQ(seen(view, 1), seen(view, 2));
            if (start == 1) {
                EXPECT_EQ(seen(view, 1), near);  // of one frame nothing can have changed
                return;
            }
            // Beyond what near heads see: the second halves of the two frames, of those before the
            // last, whose next frame differs most from them.
            std::vector<std::pair<double, int64_t>> changes;
            const auto key = [](int64_t frame) { return static_cast<double>(frame * 37 % 11); };
            for (int64_t f = start - (start == first ? 3 : 4); f < start - 1; ++f) {
                const double a = key(f), b = key(f + 1);
                const double cosine = (1 + a * b) / std::sqrt((1 + a * a) * (1 + b * b));
                changes.emplace_back(cosine, f);
            }
            std::ranges::sort(changes);
            auto expected = near;
            for (const auto& [change, frame] : {changes[0], changes[1]}) {
                expected.push_back(4 * frame + 2);
                expected.push_back(4 * frame + 3);
            }
            std::ranges::sort(expected);
            EXPECT_EQ(seen(view, 1), expected) << start;
        });
    }
}

// What Deep Forcing's authors would call a sink: with all heads alike, order does not matter.
TEST_F(HeadCache, HeadsThatAreAllAlikeShareAPlainCache) {
    const auto file = folder_.path() / "tiny.json";
    HeadMasses alike{.layers = 2,
                     .heads = 2,
                     .recent = {1, 1, 1, 1},
                     .first = {0, 0, 0, 0},
                     .middle = {0, 0, 0, 0}};
    alike.write(file);
    const auto expect_same = [&](const std::string& by_head, const std::string& plain) {
        const auto a = take(seeded(1, by_head + file.string()), 9), b = take(seeded(1, plain), 9);
        for (size_t i = 0; i < a.size(); ++i) {
            const auto x = a[i].latents.values<float>(), y = b[i].latents.values<float>();
            for (size_t k = 0; k < x.size(); ++k) {
                ASSERT_NEAR(x[k], y[k], 1e-4) << by_head << ", chunk " << i;  // measured 5e-6
            }
        }
    };
    expect_same("dummy-forcing:dummies=1000,heads=", "window:window=4");
    expect_same("dummy-forcing:dummies=0,heads=", "window:window=6");  // all middle
    expect_same("forcing-kv:near=0,heads=", "sink:window=5,sink=1");
}

TEST_F(HeadCache, AnyChunkCanBeMadeAgain) {
    const auto file = folder_.path() / "tiny.json";
    HeadMasses{.layers = 2,
               .heads = 2,
               .recent = {1, 0, 1, 0},
               .first = {0, 1, 0, 0},
               .middle = {1, 0, 1, 0}}
        .write(file);
    for (const char* cache : {"forcing-kv:heads=", "dummy-forcing:heads="}) {
        Session session(tiny_model(), seeded(1, cache + file.string()));
        session.prompt().set("a red ball", false);
        steps(session, 5);
        const auto snapshot = session.snapshot();
        const auto expected = steps(session, 3);
        session.restore(*snapshot);
        EXPECT_TRUE(same_take(steps(session, 3), expected)) << cache;
    }
}

TEST_F(HeadCache, MassesAreReadAsWritten) {
    const HeadMasses read = HeadMasses::read(file_, 2, 3);
    EXPECT_EQ(read.recent, masses().recent);
    EXPECT_EQ(read.first, masses().first);
    EXPECT_EQ(read.middle, masses().middle);
    EXPECT_THROW(HeadMasses::read(file_, 3, 2), InputError);
}

TEST_F(HeadCache, CalibrationMeasuresShares) {
    HeadCalibration calibration(tiny_model());
    calibration.add_take("a red ball", 1);
    calibration.add_take("a blue cube", 2);
    const HeadMasses measured = calibration.masses();
    EXPECT_EQ(measured.layers, 2);
    EXPECT_EQ(measured.heads, 2);
    for (size_t i = 0; i < 4; ++i) {
        // Random weights look everywhere alike: at 4 of 20 frames, at 1 and at 2 of 6.
        EXPECT_NEAR(measured.recent[i], 4.0 / 20, 0.1);
        EXPECT_NEAR(measured.first[i], 1.0 / 6, 0.1);
        EXPECT_NEAR(measured.middle[i], 2.0 / 6, 0.1);
    }
}

}  // namespace
}  // namespace longtake::generator
