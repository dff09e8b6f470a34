#include "generator/cache/frame_change.h"
#include "generator/cache/guess_error.h"
#include "generator/cache/kv_store.h"
#include "generator/cache/slots.h"
#include "tests/core/cuda_testing.h"
#include "tests/generator/cache_driver.h"
#include "tests/generator/policy_name.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

// The cache on the GPU against the cache on the CPU: each op, then whole policies.
namespace longtake::generator {
namespace {

constexpr std::array kTypes{DType::F32, DType::BF16};

Tensor random_rows_of(const Shape& shape, uint64_t seed, DType dtype = DType::F32) {
    Tensor t(shape, DType::F32);
    fill_gaussian({.seed = seed}, t.values<float>());
    return t.to(dtype);
}

bool same_bits(const Tensor& a, const Tensor& b) {
    const Tensor x = a.to(Device::Cpu), y = b.to(Device::Cpu);
    return x.shape() == y.shape() && std::memcmp(x.raw(), y.raw(), x.bytes()) == 0;
}

// The largest difference, in units of the largest value.
float error_of(const Tensor& actual, const Tensor& expected) {
    const Tensor a = actual.to(Device::Cpu).to(DType::F32), b = expected.to(DType::F32);
    float most = 0, scale = 1e-30F;
    for (int64_t i = 0; i < b.count(); ++i) {
        const float difference = std::abs(a.data<float>()[i] - b.data<float>()[i]);
        most = std::max(most, std::isnan(difference) ? INFINITY : difference);
        scale = std::max(scale, std::abs(b.data<float>()[i]));
    }
    return most / scale;
}

float bound(DType dtype) {
    return dtype == DType::F32 ? 1e-6F : 1e-2F;
}

Tensor numbers(const std::vector<int32_t>& values) {
    Tensor t({std::ssize(values)}, DType::I32);
    std::ranges::copy(values, t.data<int32_t>());
    return t;
}

TEST(CudaSlots, MovesAreExact) {
    LONGTAKE_NEEDS_GPU();
    // More slots than a block has room for, so that what is read must not have been written to.
    constexpr int64_t kSlots = 5000;
    std::vector<int32_t> odd;
    for (int32_t slot = 11; slot < 2000; slot += 2) {
        odd.push_back(slot);
    }
    for (const DType dtype : {DType::F32, DType::BF16, DType::U8}) {
        for (const int64_t size : {1, 12, 64, 128}) {
            Tensor here({3, kSlots, size}, dtype);
            for (size_t i = 0; i < here.bytes(); ++i) {
                static_cast<uint8_t*>(here.raw())[i] = static_cast<uint8_t>(i * 7 % 251);
            }
            Tensor there = here.to(Device::Cuda);
            for (const auto& chosen : {std::vector<int32_t>{}, odd}) {
                const Tensor order = numbers(chosen);
                move_slots(here, 10, order, {2001, kSlots}, nullptr);
                move_slots(there, 10, order.to(Device::Cuda), {2001, kSlots}, nullptr);
                EXPECT_TRUE(same_bits(there, here)) << name_of(dtype) << " x " << size;
            }
            copy_slots(here, {0, 50}, here, 4000, nullptr);
            copy_slots(there, {0, 50}, there, 4000, nullptr);
            EXPECT_TRUE(same_bits(there, here)) << name_of(dtype) << " x " << size;
            Tensor block = Tensor::on_host({3, 60, size}, dtype, Device::Cuda);
            copy_slots(there, {300, 350}, block, 10, nullptr);  // to the host and back
            copy_slots(block, {10, 60}, there, 700, nullptr);
            copy_slots(here, {300, 350}, here, 700, nullptr);
            EXPECT_TRUE(same_bits(there, here)) << name_of(dtype) << " x " << size;
        }
    }
}

TEST(CudaSlots, Blending) {
    LONGTAKE_NEEDS_GPU();
    for (const DType dtype : kTypes) {
        for (const int64_t size : {12, 40, 128}) {
            Tensor here = random_rows_of({4, 300, size}, 1, dtype), there = here.to(Device::Cuda);
            blend_slots(here, {100, 150}, 20, 0.1F, nullptr);
            blend_slots(there, {100, 150}, 20, 0.1F, nullptr);
            EXPECT_LT(error_of(there, here), bound(dtype)) << size;
            Tensor means({4, size}, DType::F32), gpu_means = means.to(Device::Cuda);
            mean_slots(here, {7, 290}, means, nullptr);
            mean_slots(there, {7, 290}, gpu_means, nullptr);
            EXPECT_LT(error_of(gpu_means, means), 1e-5F) << size;
            blend_mean(here, {90, 300}, {30, 80}, 0.3F, nullptr);
            blend_mean(there, {90, 300}, {30, 80}, 0.3F, nullptr);
            EXPECT_LT(error_of(there, here), bound(dtype)) << size;
        }
    }
}

TEST(CudaSlots, PlacesAndTurns) {
    LONGTAKE_NEEDS_GPU();
    constexpr int64_t kSlots = 70;
    for (const DType dtype : kTypes) {
        for (const int64_t dim : {12, 24, 64, 128}) {
            const Tensor keys = random_rows_of({3, kSlots, dim}, 1, dtype);
            const Tensor gpu_keys = keys.to(Device::Cuda);
            Tensor at = Tensor::zeros({1, kSlots, 1}), turned_to = at.clone();
            Tensor turned = Tensor::zeros(keys.shape()).to(dtype);
            Tensor gpu_at = at.to(Device::Cuda), gpu_to = at.to(Device::Cuda);
            Tensor gpu_turned = turned.to(Device::Cuda);
            place_slots(turned_to, {0, kSlots - 5}, 1, NAN, nullptr);  // the last five are done
            place_slots(gpu_to, {0, kSlots - 5}, 1, NAN, nullptr);
            for (const float first : {3.F, -40.F, 105.F}) {
                place_slots(at, {7, 63}, 8, first, nullptr);
                place_slots(gpu_at, {7, 63}, 8, first, nullptr);
                shift_positions(at, -2, nullptr);
                shift_positions(gpu_at, -2, nullptr);
                EXPECT_TRUE(same_bits(gpu_at, at));
                turn_slots(keys, {0, 66}, at, turned_to, turned, nullptr);
                turn_slots(gpu_keys, {0, 66}, gpu_at, gpu_to, gpu_turned, nullptr);
                EXPECT_LT(error_of(gpu_turned, turned), bound(dtype)) << dim;
                EXPECT_TRUE(same_bits(gpu_to.to(Device::Cpu).reshape({kSlots}).slice(0, 66),
                                      turned_to.reshape({kSlots}).slice(0, 66)));
            }
        }
    }
}

TEST(CudaParticipation, VotesAndScores) {
    LONGTAKE_NEEDS_GPU();
    for (const DType dtype : kTypes) {
        for (const int64_t dim : {12, 64, 128}) {
            constexpr int64_t kHeads = 3, kRows = 333, kSlots = 200;
            const Tensor queries = random_rows_of({kRows, kHeads, dim}, 1, dtype);
            const Tensor keys = random_rows_of({kHeads, kSlots, dim}, 2, dtype);
            const Tensor gpu_keys = keys.to(Device::Cuda);
            const Tensor plus = random_rows_of({kHeads, dim}, 3);
            Tensor sums(plus.shape(), DType::F32), scores({kSlots}, DType::F32);
            Tensor gpu_sums = sums.to(Device::Cuda), gpu_scores = scores.to(Device::Cuda);
            for (const Tensor& more : {Tensor(), plus}) {
                sum_queries(queries, {7, 300}, more, sums);
                sum_queries(queries.to(Device::Cuda), {7, 300},
                            more.empty() ? more : more.to(Device::Cuda), gpu_sums);
                EXPECT_LT(error_of(gpu_sums, sums), 1e-5F);
            }
            for (const Range slots : {Range{20, 190}, {0, 33}, {50, 51}}) {
                const int64_t n = slots.count();
                score_slots({keys.raw(), nullptr, 195, kSlots, dtype}, slots, sums, scores);
                score_slots({gpu_keys.raw(), nullptr, 195, kSlots, dtype}, slots, gpu_sums,
                            gpu_scores);
                EXPECT_LT(error_of(gpu_scores.slice(0, n), scores.slice(0, n)), 1e-5F) << dim;
            }
        }
    }
}

TEST(CudaParticipation, TheSameAreChosen) {
    LONGTAKE_NEEDS_GPU();
    for (uint64_t seed = 0; seed < 20; ++seed) {
        const auto count = static_cast<int64_t>(seed % 2 == 0 ? 500 : 17'000);
        Tensor scores = random_rows_of({count}, seed);
        if (seed % 3 == 0) {  // many that are equal, zeros of both signs among them
            for (float& s : scores.values<float>()) {
                s = std::trunc(s * 2) / 2;
            }
        }
        Tensor reuse({1, count + 9, 1}, DType::U8);
        for (int64_t i = 0; i < reuse.count(); ++i) {
            reuse.data<uint8_t>()[i] = static_cast<uint8_t>(i * 37 % 256 < 200 ? i % 9 : 255);
        }
        Tensor order = numbers(std::vector<int32_t>(static_cast<size_t>(count), -1));
        Tensor gpu_reuse = reuse.to(Device::Cuda), gpu_order = order.to(Device::Cuda);
        const Tensor gpu_scores = scores.to(Device::Cuda);
        const Range candidates{4, 4 + count};
        for (const int limit : {0, 7, 1}) {  // of 1: fewer are fresh than are asked for
            for (const int64_t wanted : {int64_t{1}, count / 4, count - 3, count}) {
                select_top(scores, candidates, limit, wanted, reuse, order);
                select_top(gpu_scores, candidates, limit, wanted, gpu_reuse, gpu_order);
                EXPECT_TRUE(same_bits(gpu_order.slice(0, wanted), order.slice(0, wanted)))
                    << wanted << " of " << count << ", limit " << limit;
                EXPECT_TRUE(same_bits(gpu_reuse, reuse));
            }
        }
    }
}

// Scores that are hard to tell apart, or easy, and as many as do not fit a thread's registers.
TEST(CudaParticipation, TheSameAreChosenWhateverTheScores) {
    LONGTAKE_NEEDS_GPU();
    constexpr float kMost = std::numeric_limits<float>::max();
    const std::vector<std::pair<const char*, std::function<float(float, int64_t, int64_t)>>> kinds{
        {"all alike", [](float, int64_t, int64_t) { return 3.25F; }},
        {"zeros of both signs", [](float, int64_t i, int64_t) { return i % 2 == 0 ? 0.F : -0.F; }},
        {"one far above",
         [](float g, int64_t i, int64_t n) { return i == n / 2 ? 1e30F : 1e-3F * g; }},
        {"one far below",
         [](float g, int64_t i, int64_t n) { return i == n / 3 ? -1e30F : 100 + 1e-3F * g; }},
        {"three values", [](float g, int64_t, int64_t) { return std::trunc(g); }},
        {"rising", [](float, int64_t i, int64_t) { return static_cast<float>(i); }},
        {"falling", [](float, int64_t i, int64_t) { return static_cast<float>(-i); }},
        {"close together", [](float g, int64_t, int64_t) { return 500 + 0.01F * g; }},
        {"of every size", [](float g, int64_t i,
                             int64_t) { return std::ldexp(g, static_cast<int>(i % 250) - 125); }},
        {"without end",
         [](float g, int64_t i, int64_t) {
             return i % 97 == 0 ? INFINITY : i % 89 == 0 ? -INFINITY : g;
         }},
        {"the ends", [](float, int64_t i, int64_t n) { return i < n / 2 ? -kMost : kMost; }}};
    for (const int64_t count : {1, 2, 33, 1025, 12'480, 16'384, 16'385, 40'000}) {
        Tensor reuse({1, count + 3, 1}, DType::U8);
        for (int64_t i = 0; i < reuse.count(); ++i) {
            reuse.data<uint8_t>()[i] = static_cast<uint8_t>(i * 37 % 256 < 200 ? i % 9 : 255);
        }
        const Tensor drawn = random_rows_of({count}, 5);
        for (const auto& [what, score_of] : kinds) {
            Tensor scores({count}, DType::F32);
            for (int64_t i = 0; i < count; ++i) {
                scores.data<float>()[i] = score_of(drawn.data<float>()[i], i, count);
            }
            const Tensor gpu_scores = scores.to(Device::Cuda);
            for (const int limit : {0, 7, 1}) {
                for (const int64_t wanted : {int64_t{1}, (count + 3) / 4, count}) {
                    Tensor uses = reuse.clone(), order({count}, DType::I32);
                    Tensor gpu_uses = reuse.to(Device::Cuda), gpu_order = order.to(Device::Cuda);
                    select_top(scores, {3, 3 + count}, limit, wanted, uses, order);
                    select_top(gpu_scores, {3, 3 + count}, limit, wanted, gpu_uses, gpu_order);
                    EXPECT_TRUE(same_bits(gpu_order.slice(0, wanted), order.slice(0, wanted)))
                        << what << ": " << wanted << " of " << count << ", limit " << limit;
                    EXPECT_TRUE(same_bits(gpu_uses, uses)) << what;
                }
            }
        }
    }
}

TEST(CudaFrameChange, ScoresAreThoseOfTheCpu) {
    LONGTAKE_NEEDS_GPU();
    constexpr int64_t kHeads = 4, kSlots = 4 * 78;
    FrameChange how{.tokens = 78, .patches = 6, .voters = {}};
    how.voters.add(1);
    how.voters.add(3);
    for (const DType dtype : kTypes) {
        const Tensor keys = random_rows_of({kHeads, kSlots, 64}, 1, dtype);
        const Tensor gpu_keys = keys.to(Device::Cuda);
        Tensor scores({3 * 78}, DType::F32), gpu_scores = scores.to(Device::Cuda);
        score_change({keys.raw(), nullptr, kSlots, kSlots, dtype}, {0, 3 * 78}, kHeads, 64, how,
                     scores);
        score_change({gpu_keys.raw(), nullptr, kSlots, kSlots, dtype}, {0, 3 * 78}, kHeads, 64, how,
                     gpu_scores);
        EXPECT_LT(error_of(gpu_scores, scores), 1e-5F);
    }
}

TEST(CudaGuessError, ScoresAreThoseOfTheCpu) {
    LONGTAKE_NEEDS_GPU();
    const Tensor guess = random_rows_of({3, 16, 18, 32}, 1),
                 clean = random_rows_of({3, 16, 18, 32}, 2);
    for (const bool whole : {false, true}) {
        const GuessError how{
            .tokens = 144, .height = 2, .width = 2, .whole_frames = whole, .bonus = 0.5F};
        Tensor scores({3 * 144}, DType::F32), gpu_scores = scores.to(Device::Cuda);
        score_guess(guess, clean, how, scores);
        score_guess(guess.to(Device::Cuda), clean.to(Device::Cuda), how, gpu_scores);
        EXPECT_LT(error_of(gpu_scores, scores), 1e-5F);
    }
}

// What attention reads, as fp32 rows [heads, slots, 128].
struct ReadRows {
    Tensor keys, values;
};
ReadRows rows_of(const diffusion::KvView& view, int64_t heads) {
    const Shape shape{heads, view.stride, 128};
    const auto read = [&](const void* at) {
        return Tensor::share(nullptr, at, shape, view.dtype, Device::Cuda)
            .to(Device::Cpu)
            .to(DType::F32);
    };
    if (view.dtype != DType::F8E4M3) {
        return {read(view.keys), read(view.values)};
    }
    ReadRows rows{read(view.keys), Tensor(shape, DType::F32)};
    const Tensor turned = read(view.values);  // see Fp8Slots
    for (int64_t slot = 0; slot < view.stride; ++slot) {
        const int64_t in = slot % 16, at = in % 8 / 2 * 4 + in / 8 * 2 + in % 2;
        for (int64_t i = 0; i < heads * 128; ++i) {
            rows.values.data<float>()[(i / 128 * view.stride + slot) * 128 + i % 128] =
                turned.data<float>()[i * view.stride + slot - in + at];
        }
    }
    return rows;
}

// Slots that move, turn and are written to from the middle of a group of 32 on, against a store in
// fp32 on the CPU.
TEST(CudaKvStore, Fp8FollowsEveryChange) {
    LONGTAKE_NEEDS_GPU();
    constexpr int64_t kCapacity = 200, kHeads = 2;
    CacheGeometry geometry{.layers = 1, .heads = kHeads, .head_dim = 128, .tokens_per_frame = 24};
    KvStore here(geometry, kCapacity);
    geometry.dtype = DType::BF16;
    geometry.fp8 = true;
    geometry.device = Device::Cuda;
    KvStore there(geometry, kCapacity);
    const auto both = [&](auto&& work) { work(here), work(there); };
    const auto write = [&](int64_t first, int64_t rows, uint64_t seed) {
        const Tensor k = random_rows_of({rows, kHeads, 128}, seed, DType::BF16);
        const Tensor v = random_rows_of({rows, kHeads, 128}, seed + 1, DType::BF16);
        here.write(0, first, k.to(DType::F32), v.to(DType::F32));
        there.write(0, first, k.to(Device::Cuda), v.to(Device::Cuda));
        synchronize(Device::Cuda, nullptr);
    };
    const auto expect_same = [&](int64_t slots) {
        const ReadRows rows = rows_of(there.view(0, slots), kHeads);
        const auto view = here.view(0, slots);
        const auto* keys = static_cast<const float*>(view.keys);
        const auto* values = static_cast<const float*>(view.values);
        const int64_t stride = there.view(0, slots).stride;
        for (int64_t i = 0; i < kHeads * slots * 128; ++i) {
            const int64_t head = i / 128 / slots, slot = i / 128 % slots, dim = i % 128;
            const int64_t a = (head * kCapacity + slot) * 128 + dim;
            const int64_t b = (head * stride + slot) * 128 + dim;
            // Half a step of three bits, and of the smallest numbers.
            const auto close = [](float x, float y) {
                return std::abs(x - y) <= std::abs(y) / 15 + 2e-3F;
            };
            ASSERT_TRUE(close(rows.keys.data<float>()[b], keys[a])) << slot << ", " << dim;
            ASSERT_TRUE(close(rows.values.data<float>()[b], values[a])) << slot << ", " << dim;
        }
    };
    both([](KvStore& s) { s.place(0, {0, 120}, 3); });
    write(0, 72, 1);
    write(72, 48, 3);
    expect_same(120);
    const Tensor chosen = numbers({30, 31, 40, 55});
    here.keep(0, 24, chosen, {72, 120});
    there.keep(0, 24, chosen.to(Device::Cuda), {72, 120});
    both([](KvStore& s) {
        s.place(0, {0, 24}, 7);
        s.place(0, {76, 124}, 11);
        s.refresh(0, {0, 76});
    });
    write(76, 48, 5);
    expect_same(124);
    both([](KvStore& s) {  // all at once, and nothing of the content
        s.shift(-4);
        s.refresh(0, {0, 124});
    });
    expect_same(124);
    write(76, 48, 7);
    expect_same(124);
}

// The head that turns while a cluster chooses, from the middle of a group of 32 on, against one
// step after the other.
TEST(CudaKvStore, TurnsEarlyAsAfterwards) {
    LONGTAKE_NEEDS_GPU();
    constexpr int64_t kTokens = 520, kHeads = 2, kHead = 10 * kTokens, kLast = 22 * kTokens;
    constexpr int64_t kTop = 3 * kTokens, kKept = kHead + kTop + kTokens;
    const Tensor keys = random_rows_of({kLast + kTokens, kHeads, 128}, 1, DType::BF16);
    const Tensor values = random_rows_of(keys.shape(), 2, DType::BF16);
    const Tensor scores = random_rows_of({kLast - kHead}, 3).to(Device::Cuda);
    const auto after_a_choice = [&](bool fp8, Start start) {
        KvStore store({.layers = 1,
                       .heads = kHeads,
                       .head_dim = 128,
                       .tokens_per_frame = kTokens,
                       .dtype = DType::BF16,
                       .fp8 = fp8,
                       .device = Device::Cuda},
                      24 * kTokens);
        store.place(0, {0, kLast + kTokens}, 5);
        store.write(0, 0, keys.to(Device::Cuda), values.to(Device::Cuda));
        store.place(0, {0, kHead}, 9);
        Tensor reuse = store.reuse(0), order({kLast - kHead}, DType::I32, Device::Cuda);
        select_top(scores, {kHead, kLast}, 0, kTop, reuse, order);
        store.refresh(0, {0, kHead}, start);
        store.keep(0, kHead, order.slice(0, kTop), {kLast, kLast + kTokens});
        store.refresh(0, {0, kKept});
        return rows_of(store.view(0, kKept), kHeads);
    };
    for (const bool fp8 : {false, true}) {
        const ReadRows early = after_a_choice(fp8, Start::Early);
        const ReadRows late = after_a_choice(fp8, Start::After);
        for (int64_t head = 0; head < kHeads; ++head) {
            const auto kept = [head](const Tensor& rows) {
                return rows.slice(head, head + 1).reshape({rows.extent(1), 128}).slice(0, kKept);
            };
            EXPECT_TRUE(same_bits(kept(early.keys), kept(late.keys))) << fp8;
            EXPECT_TRUE(same_bits(kept(early.values), kept(late.values))) << fp8;
        }
    }
}

class CudaPolicy : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(CudaCache, CudaPolicy,
                         testing::Values("window", "sink", "deep-sink", "deep-forcing",
                                         "deep-forcing:paper=1", "deep-forcing:queries=clean",
                                         "deep-forcing:score=random,reuse_limit=2", "infinity-rope",
                                         "ema-sink:share=100", "memrope:fast=500", "rolling-sink",
                                         "streaming-vlm", "entropy", "surprise", "rebuild",
                                         "retrieval", "retrieval:choice=all,time=unify",
                                         "retrieval:host=1,disk=1", "relic"),
                         policy_name);

// Long enough for the origin of positions to move. The GPU is behind with other work all the time,
// so that copies beside it that do not wait for what they should come too early.
TEST_P(CudaPolicy, RemembersWhatTheCpuRemembers) {
    LONGTAKE_NEEDS_GPU();
    const Tensor busy({256 << 20}, DType::U8, Device::Cuda);
    Tensor work(busy.shape(), busy.dtype(), Device::Cuda);
    CacheGeometry geometry{
        .layers = 2, .heads = 2, .head_dim = 24, .tokens_per_frame = 8, .columns = 4};
    CacheDriver here(GetParam(), geometry);
    geometry.device = Device::Cuda;
    CacheDriver there(GetParam(), geometry);
    for (int chunk = 0; chunk < 45; ++chunk) {
        const Turn turn = chunk == 20 ? Turn::Prompt : chunk == 30 ? Turn::Cut : Turn::None;
        for (int i = 0; i < 8; ++i) {  // a millisecond or two
            copy_bytes(work.raw(), Device::Cuda, busy.raw(), Device::Cuda, busy.bytes(),
                       geometry.stream);
        }
        ASSERT_EQ(here.step(2, turn), there.step(2, turn));
        for (int layer = 0; layer < 2; ++layer) {
            ASSERT_EQ(here.memory.frame_numbers(layer), there.memory.frame_numbers(layer));
            const auto a = here.view(layer), b = there.view(layer);
            const auto near = [&](const void* expected, const void* actual) {
                const Tensor x = here.rows_of(a, expected), y = there.rows_of(b, actual);
                for (int64_t h = 0; h < geometry.heads; ++h) {
                    const auto slots = [&](const Tensor& t) {
                        const Tensor head = t.slice(h, h + 1);
                        return head.reshape({a.stride, geometry.head_dim}).slice(0, a.slots);
                    };
                    ASSERT_LT(error_of(slots(y), slots(x)), 1e-6F) << "chunk " << chunk;
                }
            };
            near(a.keys, b.keys);
            near(a.values, b.values);
        }
    }
}

}  // namespace
}  // namespace longtake::generator
