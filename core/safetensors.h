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
    // Gives back the memory of the tensors read so far; they stay valid.
    void release() const { file_->release(); }

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

// Writes a checkpoint one tensor at a time, so that none but the current one is in memory. The file
// appears whole, with `commit`, or not at all.
class SafetensorsWriter {
  public:
    using Entry = std::pair<std::string, SafetensorsFile::Info>;

    // The names must be distinct.
    SafetensorsWriter(const std::filesystem::path& path, std::vector<Entry> tensors,
                      const SafetensorsFile::Metadata& metadata = {});

    // The tensors as they stand in the file, widest elements first, so that each is aligned.
    const std::vector<Entry>& order() const { return order_; }
    // The next of `order`, in CPU memory.
    void write(const Tensor& tensor);
    void commit();

  private:
    std::vector<Entry> order_;
    size_t written_ = 0;
    AtomicFile file_;
    std::string path_;
};

// The same for tensors that are all in memory.
void write_safetensors(const std::filesystem::path& path,
                       const std::vector<std::pair<std::string, Tensor>>& tensors,
                       const SafetensorsFile::Metadata& metadata = {});

}  // namespace longtake
