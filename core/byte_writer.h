#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace longtake {

// Little-endian numbers and raw bytes, one after the other: what ByteReader takes apart.
class ByteWriter {
  public:
    void number(uint64_t value, size_t bytes) {
        for (size_t i = 0; i < bytes; ++i) {
            bytes_.push_back(static_cast<std::byte>(value >> (8 * i)));
        }
    }
    void bytes(std::span<const std::byte> all) {
        bytes_.insert(bytes_.end(), all.begin(), all.end());
    }
    std::span<const std::byte> written() const { return bytes_; }
    std::vector<std::byte> take() { return std::move(bytes_); }

  private:
    std::vector<std::byte> bytes_;
};

}  // namespace longtake
