#include "core/error.h"
#include "core/safetensors.h"
#include "core/safetensors_format.h"
#include "core/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <map>

namespace longtake {
namespace {

using namespace safetensors;
using nlohmann::json;

std::string_view name_in_file(DType dtype) {
    const auto is_it = [&](const auto& type) { return type.second == dtype; };
    return std::find_if(kTypes.begin(), kTypes.end(), is_it)->first;
}

std::string header_of(const std::string& path, const std::vector<SafetensorsWriter::Entry>& tensors,
                      const SafetensorsFile::Metadata& metadata) {
    json header = json::object();
    if (!metadata.empty()) {
        header[std::string(kMetadata)] = metadata;
    }
    size_t position = 0;
    for (const auto& [name, info] : tensors) {
        check(!header.contains(name) && name != kMetadata, "{}: two tensors named {}", path,
              in_quotes(name));
        const auto extents = info.shape.extents();
        const size_t end = position + static_cast<size_t>(info.shape.count()) * size_of(info.dtype);
        header[name] = {{"dtype", name_in_file(info.dtype)},
                        {"shape", std::vector<int64_t>(extents.begin(), extents.end())},
                        {"data_offsets", {position, end}}};
        position = end;
    }
    std::string text = header.dump();
    text.resize((text.size() + kPrefix - 1) / kPrefix * kPrefix, ' ');
    check(text.size() <= kMaxHeader, "{}: the header is too long", path);
    return text;
}

}  // namespace

SafetensorsWriter::SafetensorsWriter(const std::filesystem::path& path, std::vector<Entry> tensors,
                                     const SafetensorsFile::Metadata& metadata)
    : order_(std::move(tensors)), file_(path), path_(path.string()) {
    std::stable_sort(order_.begin(), order_.end(), [](const Entry& a, const Entry& b) {
        return size_of(a.second.dtype) > size_of(b.second.dtype);
    });
    const std::string header = header_of(path_, order_, metadata);
    std::array<std::byte, kPrefix> prefix;
    for (size_t i = 0; i < kPrefix; ++i) {
        prefix[i] = static_cast<std::byte>(header.size() >> (8 * i));
    }
    file_.write(prefix);
    file_.write(header);
}

void SafetensorsWriter::write(const Tensor& tensor) {
    check(written_ < order_.size(), "{}: more tensors than promised", path_);
    const auto& [name, info] = order_[written_];
    check(!tensor.empty() && tensor.device() == Device::Cpu,
          "{}: tensor {} holds nothing in CPU memory", path_, in_quotes(name));
    check(tensor.dtype() == info.dtype && tensor.shape() == info.shape,
          "{}: tensor {} is {} {}, not the promised {} {}", path_, in_quotes(name),
          name_of(tensor.dtype()), tensor.shape().str(), name_of(info.dtype), info.shape.str());
    file_.write({static_cast<const std::byte*>(tensor.raw()), tensor.bytes()});
    ++written_;
}

void SafetensorsWriter::commit() {
    check(written_ == order_.size(), "{}: {} of {} tensors written", path_, written_,
          order_.size());
    file_.commit();
}

void write_safetensors(const std::filesystem::path& path,
                       const std::vector<std::pair<std::string, Tensor>>& tensors,
                       const SafetensorsFile::Metadata& metadata) {
    std::vector<SafetensorsWriter::Entry> entries;
    std::map<std::string, Tensor> by_name(tensors.begin(), tensors.end());
    for (const auto& [name, tensor] : tensors) {
        entries.push_back({name, {tensor.dtype(), tensor.shape()}});
    }
    SafetensorsWriter writer(path, std::move(entries), metadata);
    for (const auto& [name, info] : writer.order()) {
        writer.write(by_name.at(name));
    }
    writer.commit();
}

}  // namespace longtake
