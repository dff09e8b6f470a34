#include "diffusion/models/config_reader.h"

#include "core/error.h"
#include "core/file.h"

#include <cmath>

namespace longtake::diffusion {

using nlohmann::json;

ConfigReader::ConfigReader(const std::filesystem::path& path)
    : path_(path.string()), values_(json::parse(read_text(path), nullptr, false)) {
    check_input(values_.is_object(), "{}: not a JSON object", path_);
}

void ConfigReader::read(const char* key, int64_t& value) const {
    if (has(key)) {
        value = size(key, values_[key]);
    }
}

void ConfigReader::read(const char* key, double& value) const {
    if (has(key)) {
        check_input(values_[key].is_number() && values_[key] > 0, "{}: {} is {}, not positive",
                    path_, key, values_[key].dump());
        value = values_[key];
    }
}

void ConfigReader::read(const char* key, std::string& text) const {
    if (has(key)) {
        check_input(values_[key].is_string(), "{}: {} is not a text", path_, key);
        text = values_[key];
    }
}

void ConfigReader::read(const char* key, std::span<int64_t> sizes) const {
    if (has(key)) {
        const json& values = array(key);
        check_input(values.size() == sizes.size(), "{}: {} has {} values, not {}", path_, key,
                    values.size(), sizes.size());
        for (size_t i = 0; i < sizes.size(); ++i) {
            sizes[i] = size(key, values[i]);
        }
    }
}

void ConfigReader::read(const char* key, std::vector<int>& numbers) const {
    if (has(key)) {
        numbers.clear();
        for (const json& value : array(key)) {
            numbers.push_back(static_cast<int>(size(key, value)));
        }
    }
}

void ConfigReader::read(const char* key, std::vector<float>& numbers) const {
    if (has(key)) {
        numbers.clear();
        for (const json& value : array(key)) {
            check_input(value.is_number() && std::isfinite(value.get<float>()),
                        "{}: {} holds {}, not a number", path_, key, value.dump());
            numbers.push_back(value);
        }
    }
}

void ConfigReader::require(const char* key, const json& wanted) const {
    check_input(!values_.contains(key) || values_[key] == wanted, "{}: {} must be {}, not {}",
                path_, key, wanted.dump(), values_.value(key, json()).dump());
}

int64_t ConfigReader::size(const char* key, const json& value) const {
    constexpr int64_t kLargest = 1 << 20;  // keeps every product of two sizes far from overflow
    check_input(value.is_number_integer() && value >= 1 && value <= kLargest,
                "{}: {} is {}, not a size from 1 to {}", path_, key, value.dump(), kLargest);
    return value;
}

const json& ConfigReader::array(const char* key) const {
    check_input(values_[key].is_array(), "{}: {} is not a list", path_, key);
    return values_[key];
}

}  // namespace longtake::diffusion
