#pragma once

#include "core/tensor.h"
#include "diffusion/weights/tensor_file.h"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace longtake::diffusion {

// A low-rank adaptation of a transformer's matrices, as PEFT saves it (NAME.lora_A.weight [r, in],
// NAME.lora_B.weight [out, r]) or kohya (lora_down, lora_up, NAME.alpha): W + alpha / r * B A
// (Hu et al. 2021, arXiv 2106.09685). Without an alpha in the file, alpha is r, as LongLive has it.
class Lora {
  public:
    // Throws InputError when the file holds anything else, or half of a pair.
    static std::shared_ptr<const Lora> open(const std::filesystem::path& path);

    const std::filesystem::path& path() const { return file_->path(); }
    std::vector<std::string> targets() const;  // names of weights, as the program knows them
    // `weight` [out, in] of any float type with what belongs to `target` added: fp32.
    Tensor merged(const std::string& target, const Tensor& weight) const;

  private:
    struct Pair {
        std::string down, up, alpha;  // names in the file; alpha may be missing
    };
    explicit Lora(const std::filesystem::path& path);

    std::shared_ptr<const TensorFile> file_;
    std::map<std::string, Pair> pairs_;
};

}  // namespace longtake::diffusion
