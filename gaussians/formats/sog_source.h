#pragma once

#include "core/file.h"
#include "core/zip_directory.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace longtake::gaussians {

// The files of a SOG by name, wherever they lie.
class SogSource {
  public:
    // Throws InputError when `path` is no zip archive, folder or meta.json.
    explicit SogSource(const std::filesystem::path& path);
    bool contains(const std::string& name) const;
    std::vector<std::byte> file(const std::string& name) const;  // throws InputError

  private:
    std::filesystem::path folder_;
    std::shared_ptr<const MappedFile> archive_;
    std::optional<ZipDirectory> zip_;
    std::string prefix_;  // of the names in the archive: "" or the one folder in it
};

}  // namespace longtake::gaussians
