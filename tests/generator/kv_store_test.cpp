#include "generator/cache/kv_store.h"

#include "core/error.h"
#include "tests/generator/cache_driver.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace longtake::generator {
namespace {

constexpr int64_t kCapacity = 12;
const CacheGeometry kStoreGeometry{.layers = 2, .heads = 3, .head_dim = 12, .tokens_per_frame = 1};

std::vector<float> key(const KvStore& store, int64_t head, int64_t slot) {
    const auto view = store.view(0, kCapacity);
    const auto* k = static_cast<const float*>(view.keys) + (head * view.stride + slot) * 12;
    return {k, k + 12};
}

TEST(KvStore, KeysAreTurnedInTimeOnly) {
    KvStore store(kStoreGeometry, kCapacity);
    const Rows rows = random_rows(kStoreGeometry, 0, 4, 0);
    store.write(0, 2, rows.keys, rows.values);
    store.place(0, {2, 6}, 12.5);
    store.refresh(0, {0, kCapacity});
    for (int64_t slot = 2; slot < 6; ++slot) {
        for (int64_t h = 0; h < 3; ++h) {
            const auto k = key(store, h, slot);
            const float* x = rows.keys.data<float>() + ((slot - 2) * 3 + h) * 12;
            for (int pair = 0; pair < 6; ++pair) {
                // head_dim 12: two pairs for time, two each for height and width.
                const double angle =
                    pair < 2 ? (10.5 + static_cast<double>(slot)) * std::pow(10000.0, -pair / 2.0)
                             : 0.0;
                const double a = x[2 * pair], b = x[2 * pair + 1];
                EXPECT_NEAR(k[2 * pair], a * std::cos(angle) - b * std::sin(angle), 1e-6);
                EXPECT_NEAR(k[2 * pair + 1], a * std::sin(angle) + b * std::cos(angle), 1e-6);
            }
        }
    }
}

TEST(KvStore, MovingASlotInTimeLeavesNoTrace) {
    KvStore moved(kStoreGeometry, kCapacity), placed(kStoreGeometry, kCapacity);
    const Rows rows = random_rows(kStoreGeometry, 0, 1, 0);
    moved.write(0, 0, rows.keys, rows.values);
    placed.write(0, 0, rows.keys, rows.values);
    for (int step = 0; step < 10'000; ++step) {
        moved.place(0, {0, 1}, 3.0 * step);
        moved.refresh(0, {0, 1});
    }
    placed.place(0, {0, 1}, 3.0 * 9'999);
    placed.refresh(0, {0, 1});
    for (int64_t h = 0; h < 3; ++h) {
        EXPECT_EQ(key(moved, h, 0), key(placed, h, 0));
    }
}

TEST(KvStore, KeysThatStayInTimeAreKeptOnce) {
    CacheGeometry still = kStoreGeometry;
    still.retimes = false;
    KvStore twice(kStoreGeometry, kCapacity), once(still, kCapacity);
    EXPECT_EQ(once.bytes() * 3, twice.bytes() * 2);
    const Rows rows = random_rows(kStoreGeometry, 0, 6, 0);
    Tensor none({0}, DType::I32);
    for (KvStore* store : {&twice, &once}) {
        store->place(0, {0, 6}, 40);
        store->write(0, 0, rows.keys, rows.values);
        store->refresh(0, {0, 6});
        store->keep(0, 1, none, {3, 6});
    }
    for (int64_t slot = 0; slot < 4; ++slot) {
        EXPECT_EQ(key(once, 2, slot), key(twice, 2, slot));
    }
    for (KvStore* store : {&twice, &once}) {
        store->shift(-37);
        store->refresh(0, {0, 4});
    }
    for (int64_t slot = 0; slot < 4; ++slot) {
        const auto a = key(once, 2, slot), b = key(twice, 2, slot);
        for (size_t i = 0; i < a.size(); ++i) {
            EXPECT_NEAR(a[i], b[i], 1e-6);
        }
    }
}

TEST(KvStore, KeepingMovesEverythingThatBelongsToASlot) {
    KvStore store(kStoreGeometry, kCapacity);
    const Rows rows = random_rows(kStoreGeometry, 0, kCapacity, 0);
    store.write(0, 0, rows.keys, rows.values);
    Tensor reuse = store.reuse(0);
    std::iota(reuse.data<uint8_t>(), reuse.data<uint8_t>() + kCapacity, uint8_t{0});
    store.place(0, {0, kCapacity}, 0);
    store.refresh(0, {0, kCapacity});
    std::vector<std::vector<float>> before;
    for (int64_t slot = 0; slot < kCapacity; ++slot) {
        before.push_back(key(store, 1, slot));
    }
    Tensor chosen({1}, DType::I32);
    chosen.data<int32_t>()[0] = 5;
    store.keep(0, 2, chosen, {8, 12});
    const std::vector<size_t> kept{0, 1, 5, 8, 9, 10, 11};
    for (size_t i = 0; i < kept.size(); ++i) {
        EXPECT_EQ(key(store, 1, static_cast<int64_t>(i)), before[kept[i]]);
        EXPECT_EQ(store.positions(0).values<float>()[i], static_cast<float>(kept[i]));
        EXPECT_EQ(store.reuse(0).values<uint8_t>()[i], kept[i]);
        const auto view = store.view(0, kCapacity);
        EXPECT_EQ(static_cast<const float*>(view.values)[i * 12], static_cast<float>(kept[i]));
    }
    // A slot that moves to where another stood is still derived anew.
    store.place(0, {2, 3}, 2);
    store.refresh(0, {0, 7});
    EXPECT_NE(key(store, 1, 2), before[5]);
    store.place(0, {2, 3}, 5);
    // Nothing is stale: what a refresh would derive is what moved along.
    store.refresh(0, {0, 7});
    for (size_t i = 0; i < kept.size(); ++i) {
        EXPECT_EQ(key(store, 1, static_cast<int64_t>(i)), before[kept[i]]);
    }
}

TEST(KvStore, RefusesRowsThatDoNotFit) {
    KvStore store(kStoreGeometry, kCapacity);
    const Rows rows = random_rows(kStoreGeometry, 0, 4, 0);
    EXPECT_THROW(store.write(0, 9, rows.keys, rows.values), Error);
    EXPECT_THROW(store.write(0, 0, rows.keys.to(DType::BF16), rows.values), Error);
    EXPECT_THROW(KvStore({.layers = 1, .heads = 1, .head_dim = 8, .dtype = DType::I32}, 4), Error);
}

}  // namespace
}  // namespace longtake::generator
