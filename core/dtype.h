#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace longtake {

enum class DType : uint8_t { F32, BF16, F16, F8E4M3, I32, I64, U8 };

constexpr size_t size_of(DType t) {
    switch (t) {
        case DType::F32:
        case DType::I32: return 4;
        case DType::BF16:
        case DType::F16: return 2;
        case DType::I64: return 8;
        case DType::F8E4M3:
        case DType::U8: return 1;
    }
    return 0;
}

constexpr std::string_view name_of(DType t) {
    switch (t) {
        case DType::F32: return "fp32";
        case DType::BF16: return "bf16";
        case DType::F16: return "fp16";
        case DType::F8E4M3: return "fp8";
        case DType::I32: return "int32";
        case DType::I64: return "int64";
        case DType::U8: return "uint8";
    }
    return "?";
}

// A bfloat16 value as stored: the upper half of an IEEE float.
struct bf16 {
    uint16_t bits = 0;

    bf16() = default;
    explicit bf16(float f) : bits(rounded(f)) {}
    // For loops that become vectors, which a temporary would prevent.
    bf16& operator=(float f) {
        bits = rounded(f);
        return *this;
    }
    explicit operator float() const {
        return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
    }

    // Round to nearest even; NaN stays NaN. Without branches.
    static uint16_t rounded(float f) {
        const auto u = std::bit_cast<uint32_t>(f);
        const uint32_t even = (u + 0x7fffU + ((u >> 16) & 1U)) >> 16, quiet = (u >> 16) | 0x40U;
        const uint32_t nan = 0U - static_cast<uint32_t>((u & 0x7fffffffU) > 0x7f800000U);
        return static_cast<uint16_t>((even & ~nan) | (quiet & nan));
    }
};

// An IEEE half as stored.
struct fp16 {
    uint16_t bits = 0;

    fp16() = default;
    explicit fp16(float f);
    explicit operator float() const;
};

// An 8-bit float as stored: sign, 4 bits of exponent, 3 of mantissa, no infinity; OCP's E4M3.
struct f8e4m3 {
    uint8_t bits = 0;

    static constexpr float kLargest = 448.F;

    f8e4m3() = default;
    // Round to nearest even; beyond kLargest the largest, NaN stays NaN.
    explicit f8e4m3(float f);
    explicit operator float() const;
};

template <typename T> struct dtype_of;
template <> struct dtype_of<float> {
    static constexpr DType value = DType::F32;
};
template <> struct dtype_of<bf16> {
    static constexpr DType value = DType::BF16;
};
template <> struct dtype_of<fp16> {
    static constexpr DType value = DType::F16;
};
template <> struct dtype_of<f8e4m3> {
    static constexpr DType value = DType::F8E4M3;
};
template <> struct dtype_of<int32_t> {
    static constexpr DType value = DType::I32;
};
template <> struct dtype_of<int64_t> {
    static constexpr DType value = DType::I64;
};
template <> struct dtype_of<uint8_t> {
    static constexpr DType value = DType::U8;
};

}  // namespace longtake
