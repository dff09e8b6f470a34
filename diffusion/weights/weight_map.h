#pragma once

#include "core/safetensors.h"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace longtake::diffusion {

// The named tensors of a checkpoint, over one file or several. Weights that hold NaN or infinity
// are refused when they are opened, by name.
class WeightMap {
  public:
    // Turns the name in the file into the name in the program; identity by default.
    using Rename = std::function<std::string(const std::string&)>;

    // A .safetensors file, a .safetensors.index.json of a sharded checkpoint, or a folder that
    // holds one of them (diffusers' or the original's file name).
    static WeightMap open(const std::filesystem::path& path, const Rename& rename = {});

    bool contains(const std::string& name) const { return sources_.contains(name); }
    std::vector<std::string> names() const;
    // Throws InputError, naming file, tensor and both shapes, when it is missing or misshapen.
    Tensor get(const std::string& name, const Shape& expected) const;
    Tensor get(const std::string& name) const;
    // Throws InputError when a name begins so: a layer more than the config tells of.
    void check_none(const std::string& prefix) const;

  private:
    struct Source {
        std::shared_ptr<const SafetensorsFile> file;
        std::string name;  // in the file
    };
    void add(const std::filesystem::path& file, const Rename& rename);
    const Source& source(const std::string& name) const;

    std::filesystem::path path_;
    std::map<std::string, Source> sources_;
};

}  // namespace longtake::diffusion
