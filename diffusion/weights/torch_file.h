#pragma once

#include "core/file.h"
#include "core/zip_directory.h"
#include "diffusion/weights/pickle.h"
#include "diffusion/weights/tensor_file.h"

#include <map>
#include <string>

namespace longtake::diffusion {

// A file that torch.save wrote: a zip archive of a pickle and of the storages it speaks of. Nothing
// in it is executed, and its storages stay in the mapped file until a tensor is asked for.
class TorchFile : public TensorFile {
  public:
    TorchFile(const std::filesystem::path& path, std::shared_ptr<const MappedFile> file);

    const std::filesystem::path& path() const override { return path_; }
    std::string format() const override;
    std::vector<std::string> names() const override;
    bool contains(const std::string& name) const override { return tensors_.contains(name); }
    Info info(const std::string& name) const override;
    Tensor tensor(const std::string& name) const override;
    void release() const override { file_->release(); }

  private:
    const TorchTensor& described(const std::string& name) const;
    std::span<const std::byte> storage(const TorchTensor& tensor) const;
    void check_bounds(const TorchTensor& tensor) const;

    std::filesystem::path path_;
    std::shared_ptr<const MappedFile> file_;
    ZipDirectory zip_;
    std::string folder_;  // of the archive: "archive/"
    std::string within_;  // the key of the dict that holds the tensors; empty: the outermost
    std::map<std::string, TorchTensor> tensors_;
};

}  // namespace longtake::diffusion
