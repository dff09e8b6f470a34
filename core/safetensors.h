#pragma once

#include "core/file.h"
#include "core/tensor.h"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace longtake {

// A checkpoint in the safetensors format, mapped read-only. `open` checks the whole directory of
// the file; every complaint is an InputError that names the file.
class SafetensorsFile {
  public:
    using Metadata = std::map<std::string, std::string>;
    struct Info {
        DType dtype;
        Shape shape;
    };

    static std::shared_ptr<const SafetensorsFile> open(const std::filesystem::path& path);

    const std::filesystem::path& path() const { return path_; }
    const Metadata& metadata() const { return metadata_; }
    std::vector<std::string> names() const;  // sorted
    bool contains(const std::string& name) const { return entries_.contains(name); }
    // Both throw InputError when the tensor is missing or of a type we do not know.
    Info info(const std::string& name) const;
    // Shares the mapping (and keeps it alive) when the file aligns the elements, else a copy.
    // The elements must not be written to.
    Tensor tensor(const std::string& name) const;

  private:
    struct Entry {
        std::string dtype;  // as written in the file
        Shape shape;
        size_t begin, end;  // bytes from the start of the data
    };
    explicit SafetensorsFile(const std::filesystem::path& path);
    const Entry& entry(const std::string& name) const;
    void check_layout(size_t data_bytes) const;

    std::filesystem::path path_;
    std::shared_ptr<const MappedFile> file_;
    size_t data_offset_ = 0;
    std::map<std::string, Entry> entries_;
    Metadata metadata_;
};

// Writes CPU tensors under distinct names. The file appears whole or not at all.
void write_safetensors(const std::filesystem::path& path,
                       const std::vector<std::pair<std::string, Tensor>>& tensors,
                       const SafetensorsFile::Metadata& metadata = {});

}  // namespace longtake
