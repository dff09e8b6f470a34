#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace longtake::generator {

// The text behind --cache: "NAME" or "NAME:key=value,key=value". A policy asks for each of its
// keys; `finish` then rejects what nobody asked for. Every complaint is an InputError.
class CacheOptions {
  public:
    static CacheOptions parse(std::string_view text);

    const std::string& name() const { return name_; }
    int64_t integer(const std::string& key, int64_t fallback, int64_t least, int64_t most);
    std::string text(const std::string& key, const std::string& fallback);
    std::string choice(const std::string& key, const std::string& fallback,
                       std::initializer_list<std::string_view> values);
    void finish() const;

  private:
    const std::string* find(const std::string& key);

    std::string name_;
    std::map<std::string, std::string> values_;
    std::vector<std::string> known_;
};

}  // namespace longtake::generator
