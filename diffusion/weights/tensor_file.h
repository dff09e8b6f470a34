#pragma once

#include "core/safetensors.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace longtake::diffusion {

// The named tensors of one file, whatever its format. Immutable; every complaint is an InputError
// that names the file.
class TensorFile {
  public:
    using Info = SafetensorsFile::Info;

    // A .safetensors file, or one that torch.save wrote (.pt, .pth, .bin); told apart by what is
    // in it.
    static std::shared_ptr<const TensorFile> open(const std::filesystem::path& path);
    virtual ~TensorFile() = default;

    virtual const std::filesystem::path& path() const = 0;
    // What the file is, for people: "safetensors" or "PyTorch, generator_ema".
    virtual std::string format() const = 0;
    virtual SafetensorsFile::Metadata metadata() const { return {}; }
    virtual std::vector<std::string> names() const = 0;  // sorted
    virtual bool contains(const std::string& name) const = 0;
    // Both throw when the tensor is missing or of a type we do not know.
    virtual Info info(const std::string& name) const = 0;
    // Shares the mapped file where the elements lie in it in order, else a copy.
    virtual Tensor tensor(const std::string& name) const = 0;
    // Gives back the memory of the tensors read so far; they stay valid.
    virtual void release() const = 0;
};

}  // namespace longtake::diffusion
