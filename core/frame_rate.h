#pragma once

#include <cstdint>
#include <string_view>

namespace longtake {

// Frames a second as an exact fraction, such as 16/1 or 30000/1001.
struct FrameRate {
    int numerator = 16;
    int denominator = 1;

    double value() const { return static_cast<double>(numerator) / denominator; }
    bool operator==(const FrameRate&) const = default;
    // "16", "23.976" or "30000/1001"; throws InputError for anything else.
    static FrameRate parse(std::string_view text);
};

}  // namespace longtake
