#include "diffusion/weights/weight_map.h"

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "diffusion/weights/finite.h"
#include "diffusion/weights/lora.h"
#include "diffusion/weights/scaled_fp8.h"

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

constexpr std::string_view kWeight = ".weight", kOtherScale = ".scale_weight";

}  // namespace

std::vector<fs::path> shards_of(const fs::path& index) {
    const nlohmann::json parsed = nlohmann::json::parse(read_text(index, 16 << 20), nullptr, false);
    check_input(parsed.is_object() && parsed.contains("weight_map") &&
                    parsed["weight_map"].is_object() && !parsed["weight_map"].empty(),
                "{}: not an index of a sharded checkpoint", index.string());
    std::set<fs::path> files;
    for (const auto& [tensor, file] : parsed["weight_map"].items()) {
        check_input(file.is_string(), "{}: bad entry for {}", index.string(), one_line(tensor));
        const auto name = file.get<std::string>();
        check_input(fs::path(name).filename() == name, "{}: shard {} is not a plain file name",
                    index.string(), in_quotes(name));
        files.insert(index.parent_path() / name);
    }
    return {files.begin(), files.end()};
}

WeightMap WeightMap::open(const fs::path& path, const Rename& rename) {
    WeightMap map;
    map.path_ = checkpoint_in(path);
    if (map.path_.extension() == ".json") {
        for (const fs::path& shard : shards_of(map.path_)) {
            map.add(shard, rename);
        }
    } else {
        map.add(map.path_, rename);
    }
    map.find_scales();
    return map;
}

WeightMap WeightMap::random(RandomWeights weights) {
    WeightMap map;
    map.path_ = "random weights";
    map.random_ = std::move(weights);
    return map;
}

void WeightMap::add(const fs::path& path, const Rename& rename) {
    const auto file = TensorFile::open(path);
    for (const std::string& name : file->names()) {
        const std::string ours = rename ? rename(name) : name;
        if (ours.empty()) {
            continue;
        }
        const auto [at, added] = sources_.emplace(ours, Source{file, name, {}});
        // A tied tensor may stand there under both of its names.
        check_input(added || (at->second.file == file &&
                              file->tensor(at->second.name).raw() == file->tensor(name).raw()),
                    "{}: tensor {} appears twice", path.string(), one_line(name));
    }
}

void WeightMap::find_scales() {
    std::vector<std::string> scales;
    for (auto& [name, source] : sources_) {
        const auto stem = std::string_view(name).substr(
            0, name.size() - (name.ends_with(kWeight) ? kWeight.size() : 0));
        for (const std::string& scale :
             {fp8_scale_name(name), std::string(stem).append(kOtherScale)}) {
            const auto found = sources_.find(scale);
            if (found != sources_.end() && source.file->info(source.name).dtype == DType::F8E4M3) {
                check_input(found->second.file == source.file, "{}: tensor {} is in another file",
                            path_.string(), one_line(scale));
                source.scale = found->second.name;
                scales.push_back(scale);
            }
        }
    }
    for (const std::string& scale : scales) {
        sources_.erase(scale);
    }
}

WeightMap::Info WeightMap::Source::info() const {
    Info known = file->info(name);
    known.shape = Shape(known.shape.extents().subspan(dropped));
    if (parts > 1) {
        known.shape = known.shape.with(0, known.shape[0] / parts);
    }
    return known;
}

void WeightMap::split(const std::string& name, std::span<const std::string> parts) {
    const Source whole = source(name);
    const Shape shape = whole.info().shape;
    const auto count = static_cast<int64_t>(parts.size());
    check_input(shape.rank() > 0 && shape[0] % count == 0, "{}: tensor {} is {}, not {} in one",
                path_.string(), one_line(name), shape.str(), count);
    sources_.erase(name);
    for (int64_t i = 0; i < count; ++i) {
        Source part = whole;
        part.part = i;
        part.parts = count;
        const bool added = sources_.emplace(parts[static_cast<size_t>(i)], part).second;
        check_input(added, "{}: tensor {} appears twice", path_.string(),
                    one_line(parts[static_cast<size_t>(i)]));
    }
}

void WeightMap::drop_leading(const std::string& name, size_t rank) {
    const auto found = sources_.find(name);
    check_input(found != sources_.end(), "{}: tensor {} is missing", path_.string(), name);
    const Shape shape = found->second.info().shape;
    size_t ones = 0;
    while (ones + rank < shape.rank() && shape[ones] == 1) {
        ++ones;
    }
    found->second.dropped = ones + rank == shape.rank() ? ones : 0;
}

void WeightMap::merge(std::shared_ptr<const Lora> lora) {
    for (const std::string& target : lora->targets()) {
        const auto found = sources_.find(target);
        check_input(found != sources_.end(), "{}: adapts {}, which {} does not have",
                    lora->path().string(), one_line(target), path_.string());
        found->second.lora = lora;
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

WeightMap::Info WeightMap::info(const std::string& name) const {
    return source(name).info();
}

Tensor WeightMap::get(const std::string& name) const {
    if (random_) {
        return random_->tensor(name);
    }
    const Source& from = source(name);
    Tensor t = from.file->tensor(from.name);
    check_input(is_finite(t), "{}: tensor {} holds NaN or infinity", from.file->path().string(),
                one_line(from.name));
    if (t.dtype() == DType::F8E4M3) {
        t = from_fp8(t, from.scale.empty() ? Tensor::from(std::array{1.F}, {1})
                                           : from.file->tensor(from.scale));
    }
    if (from.dropped > 0) {
        t = t.reshape(Shape(t.shape().extents().subspan(from.dropped)));
    }
    if (from.parts > 1) {
        const int64_t rows = t.extent(0) / from.parts;
        t = t.slice(from.part * rows, (from.part + 1) * rows);
    }
    return from.lora == nullptr ? t : from.lora->merged(name, t);
}

Tensor WeightMap::get(const std::string& name, const Shape& expected) const {
    if (random_) {
        return random_->tensor(name, expected);
    }
    const Source& from = source(name);
    const Shape shape = from.info().shape;
    check_input(shape == expected, "{}: tensor {} has shape {}, the model needs {}",
                from.file->path().string(), one_line(from.name), shape.str(), expected.str());
    return get(name);
}

std::string WeightMap::format() const {
    return sources_.empty() ? "" : sources_.begin()->second.file->format();
}

int64_t WeightMap::parameters() const {
    int64_t total = 0;
    for (const auto& [name, source] : sources_) {
        total += source.info().shape.count();
    }
    return total;
}

int64_t WeightMap::bytes() const {
    int64_t total = 0;
    for (const auto& [name, source] : sources_) {
        const auto [dtype, shape] = source.info();
        total += shape.count() * static_cast<int64_t>(size_of(dtype));
    }
    return total;
}

}  // namespace longtake::diffusion
