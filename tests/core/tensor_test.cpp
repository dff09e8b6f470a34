#include "core/tensor.h"

#include "core/error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace longtake {
namespace {

TEST(Tensor, SliceSharesStorage) {
    Tensor t = Tensor::zeros({4, 3});
    Tensor row = t.slice(1, 3);
    row.data<float>()[0] = 7.0f;
    EXPECT_EQ(t.data<float>()[3], 7.0f);
    EXPECT_EQ(row.shape(), Shape({2, 3}));
    EXPECT_THROW(t.slice(2, 5), Error);
}

TEST(Tensor, TypedAccessChecksTheType) {
    const Tensor t = Tensor::zeros({2}, DType::BF16);
    EXPECT_THROW(t.data<float>(), Error);
}

TEST(Tensor, ShapesThatOverflowAreRefused) {
    EXPECT_THROW(Shape({int64_t{1} << 40, int64_t{1} << 40}), Error);
    EXPECT_THROW(Shape({-1, 2}), Error);
}

TEST(Dtype, Bf16RoundsToNearestEven) {
    EXPECT_EQ(static_cast<float>(bf16(1.0f + 1.0f / 256)), 1.0f);
    EXPECT_EQ(static_cast<float>(bf16(1.0f + 3.0f / 256)), 1.0f + 1.0f / 64);
    EXPECT_TRUE(std::isnan(static_cast<float>(bf16(std::numeric_limits<float>::quiet_NaN()))));
}

TEST(Dtype, Fp16RoundTripsEveryFiniteValue) {
    for (uint32_t bits = 0; bits < 0x10000; ++bits) {
        fp16 h;
        h.bits = static_cast<uint16_t>(bits);
        const float f = static_cast<float>(h);
        if (!std::isnan(f)) {
            EXPECT_EQ(fp16(f).bits, bits) << "value " << f;
        }
    }
}

}  // namespace
}  // namespace longtake
