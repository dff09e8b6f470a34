#pragma once

#include "core/error.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace longtake {

// Little-endian numbers and raw bytes, one after the other; throws InputError at the end.
class ByteReader {
  public:
    explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    size_t left() const { return bytes_.size(); }
    std::span<const std::byte> take(uint64_t count) {
        check_input(count <= bytes_.size(), "it ends too early");
        const auto taken = bytes_.first(static_cast<size_t>(count));
        bytes_ = bytes_.subspan(static_cast<size_t>(count));
        return taken;
    }
    std::string_view text(uint64_t count) {
        const auto taken = take(count);
        return {reinterpret_cast<const char*>(taken.data()), taken.size()};
    }
    // Up to the next `end`, which is dropped.
    std::string_view text_until(char end) {
        const std::string_view all(reinterpret_cast<const char*>(bytes_.data()), bytes_.size());
        const std::string_view found = text(all.find(end));
        take(1);
        return found;
    }
    uint64_t number(size_t bytes) {
        uint64_t value = 0;
        size_t shift = 0;
        for (const std::byte b : take(bytes)) {
            value |= std::to_integer<uint64_t>(b) << shift;
            shift += 8;
        }
        return value;
    }

  private:
    std::span<const std::byte> bytes_;
};

}  // namespace longtake
