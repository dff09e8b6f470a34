#include "diffusion/weights/weight_map.h"

#include "core/error.h"
#include "core/file.h"

#include <nlohmann/json.hpp>

#include <array>
#include <set>
#include <string_view>

namespace longtake::diffusion {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kFileNames{
    "diffusion_pytorch_model.safetensors", "model.safetensors",
    "diffusion_pytorch_model.safetensors.index.json"};

// An exponent of all ones is infinity or NaN.
template <typename Bits> bool all_finite(const Tensor& t, Bits exponent) {
    const auto* bits = static_cast<const Bits*>(t.raw());
    const int64_t count = t.count();
    int64_t bad = 0;
#pragma omp parallel for simd reduction(+ : bad) if (count > 1 << 16)
    for (int64_t i = 0; i < count; ++i) {
        bad += (bits[i] & exponent) == exponent;
    }
    return bad == 0;
}

bool is_finite(const Tensor& t) {
    switch (t.dtype()) {
        case DType::F32: return all_finite<uint32_t>(t, 0x7f800000u);
        case DType::BF16: return all_finite<uint16_t>(t, 0x7f80);
        case DType::F16: return all_finite<uint16_t>(t, 0x7c00);
        default: return true;
    }
}

fs::path checkpoint_in(const fs::path& path) {
    if (!fs::is_directory(path)) {
        return path;
    }
    for (const std::string_view name : kFileNames) {
        if (fs::exists(path / name)) {
            return path / name;
        }
    }
    fail_input("{}: no {} in this folder", path.string(), kFileNames[0]);
}

// The distinct file names of a sharded checkpoint's index.
std::set<std::string> shards(const fs::path& index) {
    const nlohmann::json parsed = nlohmann::json::parse(read_text(index, 16 << 20), nullptr, false);
    check_input(parsed.is_object() && parsed.contains("weight_map") &&
                    parsed["weight_map"].is_object() && !parsed["weight_map"].empty(),
                "{}: not an index of a sharded checkpoint", index.string());
    std::set<std::string> files;
    for (const auto& [tensor, file] : parsed["weight_map"].items()) {
        check_input(file.is_string(), "{}: bad entry for {}", index.string(), tensor);
        const auto name = file.get<std::string>();
        check_input(fs::path(name).filename() == name, "{}: shard \"{}\" is not a plain file name",
                    index.string(), name);
        files.insert(name);
    }
    return files;
}

}  // namespace

WeightMap WeightMap::open(const fs::path& path, const Rename& rename) {
    WeightMap map;
    map.path_ = checkpoint_in(path);
    if (map.path_.extension() == ".json") {
        for (const std::string& shard : shards(map.path_)) {
            map.add(map.path_.parent_path() / shard, rename);
        }
    } else {
        map.add(map.path_, rename);
    }
    return map;
}

void WeightMap::add(const fs::path& path, const Rename& rename) {
    const auto file = SafetensorsFile::open(path);
    for (const std::string& name : file->names()) {
        check_input(is_finite(file->tensor(name)), "{}: tensor {} holds NaN or infinity",
                    path.string(), name);
        const bool added =
            sources_.emplace(rename ? rename(name) : name, Source{file, name}).second;
        check_input(added, "{}: tensor {} appears twice", path.string(), name);
    }
}

std::vector<std::string> WeightMap::names() const {
    std::vector<std::string> names;
    for (const auto& [name, source] : sources_) {
        names.push_back(name);
    }
    return names;
}

const WeightMap::Source& WeightMap::source(const std::string& name) const {
    const auto found = sources_.find(name);
    check_input(found != sources_.end(), "{}: tensor {} is missing", path_.string(), name);
    return found->second;
}

void WeightMap::check_none(const std::string& prefix) const {
    const auto found = sources_.lower_bound(prefix);
    if (found != sources_.end() && found->first.starts_with(prefix)) {
        fail_input("{}: tensor {} is one too many for the layers in config.json",
                   found->second.file->path().string(), found->second.name);
    }
}

Tensor WeightMap::get(const std::string& name) const {
    const Source& from = source(name);
    return from.file->tensor(from.name);
}

Tensor WeightMap::get(const std::string& name, const Shape& expected) const {
    const Source& from = source(name);
    Tensor t = from.file->tensor(from.name);
    check_input(t.shape() == expected, "{}: tensor {} has shape {}, the model needs {}",
                from.file->path().string(), from.name, t.shape().str(), expected.str());
    return t;
}

}  // namespace longtake::diffusion
