#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace longtake {

// An entry as it lies in the archive.
struct ZipMember {
    std::span<const std::byte> bytes;
    bool deflated;  // a raw deflate stream of `size` bytes; else stored
    uint64_t size;
};

// The entries of a zip archive in memory: whole, on one disk, unencrypted. Knows zip64. Nothing is
// copied but the names.
class ZipDirectory {
  public:
    // `bytes` must outlive the directory. Throws InputError saying what is wrong with them.
    explicit ZipDirectory(std::span<const std::byte> bytes);

    std::vector<std::string> names() const;  // sorted
    bool contains(const std::string& name) const { return entries_.contains(name); }
    // Both throw InputError when the entry is missing or not inside the file; `entry` also when it
    // is compressed.
    std::span<const std::byte> entry(const std::string& name) const;
    ZipMember member(const std::string& name) const;

  private:
    struct Entry {
        uint64_t header, compressed, size;  // bytes; where its local header stands
        uint16_t flags, method;
    };
    void add(class ByteReader& directory);

    std::span<const std::byte> bytes_;
    std::map<std::string, Entry> entries_;
};

}  // namespace longtake
