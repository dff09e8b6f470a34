#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <mutex>
#include <span>
#include <thread>

namespace longtake::generator {

// A nameless file of a fixed size in a folder: room beside memory, gone with the program, however
// that ends.
class SpillFile {
  public:
    // Takes the room at once. Throws InputError when the folder or its disk cannot give it, with
    // the size that would do; `option` is what the user wrote.
    SpillFile(const std::filesystem::path& folder, int64_t bytes, const char* option);
    ~SpillFile();
    SpillFile(const SpillFile&) = delete;
    SpillFile& operator=(const SpillFile&) = delete;

    // On a thread of its own, one after another: `bytes` must stay until `settle` has returned.
    void write(int64_t at, std::span<const std::byte> bytes);
    // Waits for what is being written. Throws InputError when the disk refused it.
    void settle() const;
    // After `settle`.
    void read(int64_t at, std::span<std::byte> bytes) const;

  private:
    void work();
    void write_now(int64_t at, std::span<const std::byte> bytes) const;

    std::filesystem::path folder_;
    int descriptor_ = -1;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::span<const std::byte> bytes_;  // being written; empty: none
    int64_t at_ = 0;
    bool closing_ = false;
    std::exception_ptr error_;
    std::thread thread_;
};

}  // namespace longtake::generator
