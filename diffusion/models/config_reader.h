#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace longtake::diffusion {

// A model's JSON file of sizes and constants. A key that is absent leaves the value as it was; a
// key of another kind than asked for is an InputError that names file and key.
class ConfigReader {
  public:
    explicit ConfigReader(const std::filesystem::path& path);

    bool has(const char* key) const { return values_.contains(key) && !values_[key].is_null(); }
    void read(const char* key, int64_t& size) const;  // from 1 to 2^20
    void read(const char* key, double& positive) const;
    void read(const char* key, std::string& text) const;
    void read(const char* key, std::span<int64_t> sizes) const;     // of exactly this length
    void read(const char* key, std::vector<int>& numbers) const;    // of any length
    void read(const char* key, std::vector<float>& numbers) const;  // of any length, finite
    // The key, when present, must have the one value this program can run with.
    void require(const char* key, const nlohmann::json& wanted) const;

    const std::string& path() const { return path_; }

  private:
    int64_t size(const char* key, const nlohmann::json& value) const;
    const nlohmann::json& array(const char* key) const;

    std::string path_;
    nlohmann::json values_;
};

}  // namespace longtake::diffusion
