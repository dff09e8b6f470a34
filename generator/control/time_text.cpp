#include "generator/control/time_text.h"

#include <charconv>

namespace longtake::generator {
namespace {

// The number at the front of `text`, which it takes away; digits with at most one point.
std::optional<double> take_number(std::string_view& text) {
    const size_t length = std::min(text.find_first_not_of("0123456789."), text.size());
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + length, value);
    if (length == 0 || length > 15 || error != std::errc{} || end != text.data() + length) {
        return std::nullopt;
    }
    text.remove_prefix(length);
    return value;
}

// "1:02:03" after its first number.
std::optional<double> clock_time(double seconds, std::string_view text) {
    for (int fields = 1; !text.empty(); ++fields) {
        if (fields > 2 || text.front() != ':') {
            return std::nullopt;
        }
        text.remove_prefix(1);
        const auto next = take_number(text);
        if (!next || *next >= 60) {
            return std::nullopt;
        }
        seconds = seconds * 60 + *next;
    }
    return seconds;
}

}  // namespace

std::optional<double> parse_time(std::string_view text) {
    double seconds = 0;
    double least_unit = 1e9;  // units must get smaller: 1m30s, not 30s1m
    do {
        const auto number = take_number(text);
        if (!number) {
            return std::nullopt;
        }
        if (least_unit == 1e9 && (text.empty() || text.front() == ':')) {
            return clock_time(*number, text);
        }
        const char letter = text.empty() ? ' ' : text.front();
        const double unit = letter == 'h' ? 3600 : letter == 'm' ? 60 : letter == 's' ? 1 : 0;
        if (unit == 0 || unit >= least_unit) {
            return std::nullopt;
        }
        seconds += *number * unit;
        least_unit = unit;
        text.remove_prefix(1);
    } while (!text.empty());
    return seconds;
}

}  // namespace longtake::generator
