#include "interactive/frame_store.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace longtake::interactive {
namespace {

Tensor filled(int64_t frames, uint8_t value) {
    Tensor tensor({frames, 2, 4, 3}, DType::U8);
    std::ranges::fill(tensor.values<uint8_t>(), value);
    return tensor;
}

bool all(const Tensor& tensor, uint8_t value) {
    return std::ranges::all_of(tensor.values<uint8_t>(), [&](uint8_t v) { return v == value; });
}

TEST(FrameStore, WhatIsHeldStaysAsItWas) {
    FrameStore store;
    const Tensor first = store.keep(filled(3, 1)), second = store.keep(filled(3, 2));
    const Tensor frame = store.keep(filled(3, 3)).slice(1, 2);  // which holds all of them
    const Tensor fourth = store.keep(filled(3, 4));
    EXPECT_TRUE(all(first, 1) && all(second, 2) && all(frame, 3) && all(fourth, 4));
    EXPECT_EQ(store.blocks(), 4u);
}

TEST(FrameStore, MemoryIsUsedAgain) {
    FrameStore store;
    Tensor shown = store.keep(filled(3, 0));
    for (uint8_t i = 1; i < 20; ++i) {
        Tensor next = store.keep(filled(3, i));
        EXPECT_TRUE(all(shown, i - 1) && all(next, i));
        shown = std::move(next);
    }
    EXPECT_EQ(store.blocks(), 2u);
}

TEST(FrameStore, ChunksOfAnotherSizeTakeThePlaceOfThoseBefore) {
    FrameStore store;
    store.keep(filled(9, 1));
    const Tensor kept = store.keep(filled(12, 2));
    EXPECT_EQ(kept.shape(), Shape({12, 2, 4, 3}));
    EXPECT_EQ(store.blocks(), 1u);
}

}  // namespace
}  // namespace longtake::interactive
