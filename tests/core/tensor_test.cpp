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

TEST(Tensor, MemoryThatDoesNotSufficeSaysWhatFor) {
    try {
        within_memory("the cache", "choose a smaller window",
                      [] { return Tensor({int64_t{1} << 59}, DType::U8); });
        FAIL() << "half an exbibyte was there";
    } catch (const InputError& e) {
        EXPECT_STREQ(e.what(),
                     "the cache: out of memory: 549755813888 MiB wanted; choose a "
                     "smaller window");
    }
    const MemoryInfo memory = memory_of(Device::Cpu);
    EXPECT_GT(memory.free, 0U);
    EXPECT_LE(memory.free, memory.total);
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

float e4m3_value(uint32_t bits) {
    f8e4m3 value;
    value.bits = static_cast<uint8_t>(bits);
    return static_cast<float>(value);
}

TEST(Dtype, E4m3HasTheValuesOfItsDefinition) {
    for (uint32_t bits = 0; bits < 0x7f; ++bits) {
        const int exponent = static_cast<int>(bits >> 3), mantissa = static_cast<int>(bits & 7);
        const double expected =
            exponent == 0 ? std::ldexp(mantissa, -9) : std::ldexp(8 + mantissa, exponent - 10);
        EXPECT_EQ(e4m3_value(bits), expected);
        EXPECT_EQ(e4m3_value(bits | 0x80), -expected);
        EXPECT_EQ(f8e4m3(static_cast<float>(expected)).bits, bits);
        EXPECT_EQ(f8e4m3(static_cast<float>(-expected)).bits, bits | 0x80);
    }
    EXPECT_EQ(e4m3_value(0x7e), f8e4m3::kLargest);
    EXPECT_TRUE(std::isnan(e4m3_value(0x7f)));
}

TEST(Dtype, E4m3RoundsToNearestEvenAndSaturates) {
    for (uint32_t bits = 0; bits < 0x7e; ++bits) {
        const float low = e4m3_value(bits), high = e4m3_value(bits + 1), middle = (low + high) / 2;
        EXPECT_EQ(f8e4m3(middle).bits, bits + (bits & 1));
        EXPECT_EQ(f8e4m3(std::nextafter(middle, 0.F)).bits, bits);
        EXPECT_EQ(f8e4m3(std::nextafter(middle, 1e9F)).bits, bits + 1);
    }
    for (const float large : {449.F, 1e30F, std::numeric_limits<float>::infinity()}) {
        EXPECT_EQ(static_cast<float>(f8e4m3(large)), 448.F);
        EXPECT_EQ(static_cast<float>(f8e4m3(-large)), -448.F);
    }
    EXPECT_TRUE(std::isnan(static_cast<float>(f8e4m3(std::numeric_limits<float>::quiet_NaN()))));
}

TEST(Tensor, MayBeMadeFromNothing) {
    EXPECT_EQ(Tensor::from({}, {0, 3}).count(), 0);
}

}  // namespace
}  // namespace longtake
