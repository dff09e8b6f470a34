#pragma once

#include <nlohmann/json.hpp>

#include <concepts>
#include <cstdint>
#include <utility>
#include <vector>

namespace longtake {

// A whole number of a JSON file, in the range of its type. What is not one is refused as nlohmann
// refuses other types; its own get<T>() takes any number, and there is no int for 1e70.
template <std::integral T> T whole(const nlohmann::json& value) {
    const bool fits = value.is_number_unsigned()  ? std::in_range<T>(value.get<uint64_t>())
                      : value.is_number_integer() ? std::in_range<T>(value.get<int64_t>())
                                                  : false;
    if (!fits) {
        throw nlohmann::json::type_error::create(
            302, "a number is no whole one, or too large: " + value.dump(), &value);
    }
    return value.get<T>();
}

template <std::integral T> std::vector<T> whole_numbers(const nlohmann::json& list) {
    std::vector<T> numbers;
    numbers.reserve(list.size());
    for (const nlohmann::json& value : list) {
        numbers.push_back(whole<T>(value));
    }
    return numbers;
}

}  // namespace longtake
