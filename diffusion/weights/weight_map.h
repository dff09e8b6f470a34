#pragma once

#include "diffusion/weights/random_weights.h"
#include "diffusion/weights/tensor_file.h"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace longtake::diffusion {

class Lora;

// The named tensors of a checkpoint, over one file or several. A tensor that holds NaN or infinity
// is refused when it is read, by name. fp8 weights are multiplied by their scale (NAME_scale, one
// number or one per row; none is 1) and come back as fp32; the scales have no names of their own.
class WeightMap {
  public:
    using Info = TensorFile::Info;
    // Turns the name in the file into the name in the program; identity by default. What gets no
    // name is left out.
    using Rename = std::function<std::string(const std::string&)>;

    // A .safetensors or PyTorch file, the index.json of a sharded checkpoint, or a folder that
    // holds one of them (diffusers' or the original's file name).
    static WeightMap open(const std::filesystem::path& path, const Rename& rename = {});

    // No checkpoint: has every tensor that is asked for.
    static WeightMap random(RandomWeights weights = RandomWeights());

    // From now on the rows of this tensor are `parts`, as many each, and it is no more. Throws
    // InputError when they cannot be shared out.
    void split(const std::string& name, std::span<const std::string> parts);

    // From now on this tensor is without the extents before its last `rank`, if they are 1.
    void drop_leading(const std::string& name, size_t rank);

    // From now on its targets are read with the adaptation added, in fp32. Throws InputError when
    // one of them is not here.
    void merge(std::shared_ptr<const Lora> lora);

    const std::filesystem::path& path() const { return path_; }
    bool contains(const std::string& name) const { return sources_.contains(name); }
    std::vector<std::string> names() const;
    // Type and shape as stored. Throws InputError, naming the file, when it is missing.
    Info info(const std::string& name) const;
    // Throws InputError, naming file, tensor and both shapes, when it is missing or misshapen.
    Tensor get(const std::string& name, const Shape& expected) const;
    Tensor get(const std::string& name) const;
    // Throws InputError when a name begins so: a layer more than the config tells of.
    void check_none(const std::string& prefix) const;
    // Gives back the memory of what was read of the tensor's file; everything stays valid.
    void release(const std::string& name) const { source(name).file->release(); }
    // "safetensors", "PyTorch, generator_ema"
    std::string format() const;
    // The parameters, and the bytes they take in the files.
    int64_t parameters() const;
    int64_t bytes() const;

  private:
    struct Source {
        std::shared_ptr<const TensorFile> file;
        std::string name;   // in the file
        std::string scale;  // likewise, of an fp8 tensor; may be empty
        std::shared_ptr<const Lora> lora = {};
        int64_t part = 0, parts = 1;  // of its rows
        size_t dropped = 0;           // leading extents of 1
        Info info() const;
    };
    void add(const std::filesystem::path& file, const Rename& rename);
    void find_scales();
    const Source& source(const std::string& name) const;

    std::filesystem::path path_;
    std::optional<RandomWeights> random_;
    std::map<std::string, Source> sources_;
};

// The files of a sharded checkpoint, by its index.json. Throws InputError when it is not one.
std::vector<std::filesystem::path> shards_of(const std::filesystem::path& index);

}  // namespace longtake::diffusion
