#pragma once

#include <filesystem>

namespace longtake {

// A folder that is filled under a temporary name beside the target. The target appears, whole, with
// `commit`; without it the destructor removes everything.
class AtomicFolder {
  public:
    // Throws InputError when something has the target's name or nothing can be made there.
    explicit AtomicFolder(const std::filesystem::path& target);
    ~AtomicFolder();
    AtomicFolder(const AtomicFolder&) = delete;
    AtomicFolder& operator=(const AtomicFolder&) = delete;

    const std::filesystem::path& path() const { return temporary_; }  // where to write
    void commit();

  private:
    std::filesystem::path target_, temporary_;
};

}  // namespace longtake
