#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace longtake {

// A whole file, mapped read-only. Writing to the bytes is an access violation.
class MappedFile {
  public:
    // Throws InputError when `path` is not a readable regular file.
    static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    std::span<const std::byte> bytes() const { return {data_, size_}; }
    // Gives back the memory of what was read; it is read again when it is needed.
    void release() const;

  private:
    MappedFile(const std::byte* data, size_t size) : data_(data), size_(size) {}

    const std::byte* data_;
    size_t size_;
};

// Writes a file under a temporary name in the target's folder. The target appears, whole, with
// `commit`; without it the destructor removes the temporary and an older target stays as it was.
class AtomicFile {
  public:
    // Throws InputError when the target cannot be made there.
    explicit AtomicFile(const std::filesystem::path& target);
    ~AtomicFile();
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    // Both throw Error when the system refuses (a full disk).
    void write(std::span<const std::byte> bytes);
    void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
    void commit();

  private:
    std::filesystem::path target_;
    std::filesystem::path temporary_;
    int descriptor_ = -1;
};

// The whole of a text file; throws InputError when it is unreadable or longer than `limit` bytes.
std::string read_text(const std::filesystem::path& path, size_t limit = size_t{1} << 20);

// What `errno` means, in words.
std::string system_reason();

}  // namespace longtake
