#include "core/error.h"
#include "core/safetensors.h"
#include "core/safetensors_format.h"

#include <algorithm>

namespace longtake {
namespace {

using namespace safetensors;
using nlohmann::json;

std::string_view name_in_file(DType dtype) {
    const auto is_it = [&](const auto& type) { return type.second == dtype; };
    return std::find_if(kTypes.begin(), kTypes.end(), is_it)->first;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path,
                       const std::vector<std::pair<std::string, Tensor>>& tensors,
                       const SafetensorsFile::Metadata& metadata) {
    // Wide elements first, so that every tensor is aligned to its own elements.
    auto order = tensors;
    std::stable_sort(order.begin(), order.end(), [](auto& a, auto& b) {
        return size_of(a.second.dtype()) > size_of(b.second.dtype());
    });
    json header = json::object();
    if (!metadata.empty()) {
        header[std::string(kMetadata)] = metadata;
    }
    size_t position = 0;
    for (const auto& [name, tensor] : order) {
        check(!header.contains(name) && name != kMetadata, "{}: two tensors named {}",
              path.string(), quoted(name));
        check(tensor.device() == Device::Cpu, "{}: tensor {} is not in CPU memory", path.string(),
              quoted(name));
        check(!tensor.empty(), "{}: tensor {} holds nothing", path.string(), quoted(name));
        const auto extents = tensor.shape().extents();
        header[name] = {{"dtype", name_in_file(tensor.dtype())},
                        {"shape", std::vector<int64_t>(extents.begin(), extents.end())},
                        {"data_offsets", {position, position + tensor.bytes()}}};
        position += tensor.bytes();
    }
    std::string text = header.dump();
    text.resize((text.size() + kPrefix - 1) / kPrefix * kPrefix, ' ');
    check(text.size() <= kMaxHeader, "{}: the header is too long", path.string());
    std::array<std::byte, kPrefix> prefix;
    for (size_t i = 0; i < kPrefix; ++i) {
        prefix[i] = static_cast<std::byte>(text.size() >> (8 * i));
    }
    AtomicFile file(path);
    file.write(prefix);
    file.write(text);
    for (const auto& [name, tensor] : order) {
        file.write({static_cast<const std::byte*>(tensor.raw()), tensor.bytes()});
    }
    file.commit();
}

}  // namespace longtake
