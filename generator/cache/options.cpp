#include "generator/cache/options.h"

#include "core/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace longtake::generator {

CacheOptions CacheOptions::parse(std::string_view text) {
    CacheOptions options;
    const size_t colon = text.find(':');
    options.name_ = text.substr(0, colon);
    std::string_view rest = colon == text.npos ? std::string_view{} : text.substr(colon + 1);
    check_input(colon == text.npos || !rest.empty(), "--cache {}: nothing follows the ':'", text);
    while (!rest.empty()) {
        const size_t comma = rest.find(',');
        const std::string_view pair = rest.substr(0, comma);
        const size_t equals = pair.find('=');
        check_input(equals != pair.npos && equals > 0 && equals + 1 < pair.size(),
                    "--cache {}: '{}' is not key=value", text, pair);
        const bool fresh =
            options.values_.emplace(pair.substr(0, equals), pair.substr(equals + 1)).second;
        check_input(fresh, "--cache {}: '{}' is given twice", text, pair.substr(0, equals));
        check_input(comma == rest.npos || comma + 1 < rest.size(),
                    "--cache {}: nothing follows the last ','", text);
        rest = comma == rest.npos ? std::string_view{} : rest.substr(comma + 1);
    }
    return options;
}

const std::string* CacheOptions::find(const std::string& key) {
    known_.push_back(key);
    const auto it = values_.find(key);
    return it == values_.end() ? nullptr : &it->second;
}

int64_t CacheOptions::integer(const std::string& key, int64_t fallback, int64_t least,
                              int64_t most) {
    const std::string* text = find(key);
    int64_t value = fallback;
    if (text != nullptr) {
        const char* end = text->data() + text->size();
        const auto [stop, error] = std::from_chars(text->data(), end, value);
        check_input(error == std::errc{} && stop == end, "--cache {}: {}={} is not a whole number",
                    name_, key, *text);
    }
    check_input(value >= least && value <= most, "--cache {}: {}={} is outside {}..{}", name_, key,
                value, least, most);
    return value;
}

std::string CacheOptions::text(const std::string& key, const std::string& fallback) {
    const std::string* text = find(key);
    return text == nullptr ? fallback : *text;
}

std::string CacheOptions::choice(const std::string& key, const std::string& fallback,
                                 std::initializer_list<std::string_view> values) {
    const std::string* text = find(key);
    if (text == nullptr) {
        return fallback;
    }
    check_input(std::ranges::find(values, *text) != values.end(),
                "--cache {}: {}={} is not one of {}", name_, key, *text, fmt::join(values, ", "));
    return *text;
}

void CacheOptions::finish() const {
    for (const auto& [key, value] : values_) {
        check_input(std::ranges::find(known_, key) != known_.end(),
                    "--cache {}: there is no option '{}'; it has {}", name_, key,
                    fmt::join(known_, ", "));
    }
}

}  // namespace longtake::generator
