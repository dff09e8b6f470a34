#include "generator/latent_history.h"

#include "core/error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace longtake::generator {
namespace {

// Latents [frames, 1, 1, 2] of the numbers from `first` on.
Tensor numbered(int first, int frames) {
    Tensor t({frames, 1, 1, 2}, DType::F32);
    for (int i = 0; i < frames; ++i) {
        std::fill_n(t.data<float>() + 2 * i, 2, static_cast<float>(first + i));
    }
    return t;
}

std::vector<float> numbers(const Tensor& t) {
    std::vector<float> n;
    for (int64_t i = 0; i < t.count(); i += 2) {
        n.push_back(t.data<float>()[i]);
    }
    return n;
}

TEST(LatentHistory, HoldsTheNewest) {
    LatentHistory history(5, numbered(0, 1), nullptr);
    history.append(numbered(0, 3));
    EXPECT_EQ(numbers(history.newest(2)), (std::vector<float>{1, 2}));
    EXPECT_THROW(history.newest(4), Error);
    history.append(numbered(3, 3));
    EXPECT_EQ(numbers(history.newest(5)), (std::vector<float>{1, 2, 3, 4, 5}));
    history.append(numbered(6, 1));
    EXPECT_EQ(numbers(history.newest(5)), (std::vector<float>{2, 3, 4, 5, 6}));
    history.append(numbered(7, 8));
    EXPECT_EQ(numbers(history.newest(5)), (std::vector<float>{10, 11, 12, 13, 14}));
    history.clear();
    EXPECT_THROW(history.newest(1), Error);
}

TEST(LatentHistory, ACloneIsItsOwn) {
    LatentHistory history(4, numbered(0, 1), nullptr);
    history.append(numbered(0, 3));
    const LatentHistory clone = history.clone();
    history.append(numbered(3, 3));
    EXPECT_EQ(numbers(clone.newest(3)), (std::vector<float>{0, 1, 2}));
    history.copy_from(clone);
    EXPECT_EQ(numbers(history.newest(3)), (std::vector<float>{0, 1, 2}));
    EXPECT_THROW(LatentHistory().clone().newest(1), Error);
}

}  // namespace
}  // namespace longtake::generator
