#include "core/frame_rate.h"

#include "core/error.h"

#include <charconv>
#include <numeric>

namespace longtake {
namespace {

constexpr int kMaxDenominator = 1001000;

// The whole of `text` as a number above 0, or 0.
int positive(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() && value > 0 ? value : 0;
}

}  // namespace

FrameRate FrameRate::parse(std::string_view text) {
    int64_t numerator = 0, denominator = 1;
    if (const size_t slash = text.find('/'); slash != std::string_view::npos) {
        numerator = positive(text.substr(0, slash));
        denominator = positive(text.substr(slash + 1));
    } else if (const size_t dot = text.find('.'); dot != std::string_view::npos) {
        const std::string digits = std::string(text.substr(0, dot)).append(text.substr(dot + 1));
        for (size_t i = dot + 1; i < text.size() && denominator < kMaxDenominator; ++i) {
            denominator *= 10;
        }
        numerator = positive(digits);
    } else {
        numerator = positive(text);
    }
    check_input(numerator > 0 && denominator > 0 && denominator <= kMaxDenominator &&
                    numerator <= 1000 * denominator,
                "'{}' is not a frame rate; use one such as 24, 23.976 or 30000/1001", text);
    // 23.976, 29.97 and 59.94 mean multiples of 1000/1001.
    const int64_t whole = (numerator + denominator - 1) / denominator;
    const int64_t off = numerator * 1001 - whole * 1000 * denominator;
    if (denominator >= 100 && denominator != 1001 && std::abs(off) < denominator) {
        numerator = whole * 1000;
        denominator = 1001;
    }
    const int64_t divisor = std::gcd(numerator, denominator);
    return {static_cast<int>(numerator / divisor), static_cast<int>(denominator / divisor)};
}

}  // namespace longtake
