#include "core/safetensors.h"

#include "core/error.h"
#include "core/safetensors_format.h"
#include "core/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <set>

namespace longtake {
namespace {

using namespace safetensors;
using nlohmann::json;

constexpr size_t kMaxDepth = 4;  // file, tensor, shape

std::optional<DType> dtype_named(std::string_view name) {
    for (const auto& [known, dtype] : kTypes) {
        if (known == name) {
            return dtype;
        }
    }
    return std::nullopt;
}

// Refuses what a lenient parser would let pass: repeated keys and bottomless nesting.
class StrictParse {
  public:
    json operator()(std::string_view text) {
        return json::parse(text.begin(), text.end(),
                           [this](int depth, json::parse_event_t event, json& value) {
                               visit(depth, event, value);
                               return true;
                           });
    }

  private:
    void visit(int depth, json::parse_event_t event, const json& value) {
        const auto level = static_cast<size_t>(depth);
        check_input(level < kMaxDepth, "its header is nested too deeply");
        if (event == json::parse_event_t::object_start) {
            keys_.at(level + 1).clear();
        } else if (event == json::parse_event_t::key) {
            const std::string& key = value.get_ref<const std::string&>();
            check_input(keys_.at(level).insert(key).second, "its header repeats {}",
                        in_quotes(key));
        }
    }

    std::array<std::set<std::string>, kMaxDepth + 1> keys_;
};

size_t unsigned_of(const json& value, std::string_view what) {
    check_input(value.is_number_unsigned(), "{} is not a whole number of at least 0", what);
    return value.get<size_t>();
}

Shape shape_of(const json& value) {
    check_input(value.is_array(), "its shape is not a list");
    std::vector<int64_t> extents;
    for (const json& extent : value) {
        const size_t e = unsigned_of(extent, "an extent of its shape");
        check_input(e <= static_cast<size_t>(INT64_MAX), "its shape is too large");
        extents.push_back(static_cast<int64_t>(e));
    }
    try {
        return Shape(extents);
    } catch (const Error&) {
        fail_input("its shape is too large");
    }
}

}  // namespace

std::shared_ptr<const SafetensorsFile> SafetensorsFile::open(const std::filesystem::path& path) {
    return std::shared_ptr<const SafetensorsFile>(new SafetensorsFile(path));
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path)
    : path_(path), file_(MappedFile::open(path)) {
    const auto bytes = file_->bytes();
    try {
        check_input(bytes.size() >= kPrefix, "it is too short");
        uint64_t header = 0;
        for (size_t i = 0; i < kPrefix; ++i) {
            header |= std::to_integer<uint64_t>(bytes[i]) << (8 * i);
        }
        check_input(header <= kMaxHeader, "its header would be {} bytes long", header);
        check_input(header <= bytes.size() - kPrefix, "it ends inside its header");
        data_offset_ = kPrefix + static_cast<size_t>(header);
        const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kPrefix,
                                    static_cast<size_t>(header));
        const json root = StrictParse()(text);
        check_input(root.is_object(), "its header is not a JSON object");
        for (const auto& [name, value] : root.items()) {
            if (name == kMetadata) {
                metadata_ = value.get<Metadata>();
                continue;
            }
            const json& offsets = value.at("data_offsets");
            check_input(offsets.is_array() && offsets.size() == 2,
                        "tensor {}: its data_offsets are not a pair", in_quotes(name));
            try {
                entries_.emplace(
                    name, Entry{value.at("dtype").get<std::string>(), shape_of(value.at("shape")),
                                unsigned_of(offsets[0], "where it begins"),
                                unsigned_of(offsets[1], "where it ends")});
            } catch (const InputError& e) {
                fail_input("tensor {}: {}", in_quotes(name), e.what());
            }
        }
        check_layout(bytes.size() - data_offset_);
    } catch (const json::exception&) {
        fail_input("{} is not a sound safetensors file: its header is not the expected JSON",
                   path_.string());
    } catch (const InputError& e) {
        fail_input("{} is not a sound safetensors file: {}", path_.string(), e.what());
    }
}

// The tensors must fill the data without gaps or overlaps, and each must have the size of its
// shape and type.
void SafetensorsFile::check_layout(size_t data_bytes) const {
    std::vector<const std::pair<const std::string, Entry>*> order;
    for (const auto& entry : entries_) {
        order.push_back(&entry);
    }
    std::sort(order.begin(), order.end(), [](auto* a, auto* b) {
        return std::pair(a->second.begin, a->second.end) <
               std::pair(b->second.begin, b->second.end);
    });
    size_t position = 0;
    for (const auto* item : order) {
        const auto& [name, e] = *item;
        check_input(e.begin <= e.end, "tensor {} ends before it begins", in_quotes(name));
        check_input(e.end <= data_bytes,
                    "tensor {} reaches past the end of the file (was it copied whole?)",
                    in_quotes(name));
        check_input(e.begin == position, "tensor {} {} the one before it", in_quotes(name),
                    e.begin < position ? "overlaps" : "leaves a gap after");
        const std::optional<DType> dtype = dtype_named(e.dtype);
        check_input(
            !dtype || e.end - e.begin == static_cast<size_t>(e.shape.count()) * size_of(*dtype),
            "tensor {} has {} bytes, which does not fit {} of {}", in_quotes(name), e.end - e.begin,
            e.shape.str(), e.dtype);
        position = e.end;
    }
    check_input(position == data_bytes, "{} bytes at its end belong to no tensor",
                data_bytes - position);
}

std::vector<std::string> SafetensorsFile::names() const {
    std::vector<std::string> names;
    for (const auto& [name, entry] : entries_) {
        names.push_back(name);
    }
    return names;
}

const SafetensorsFile::Entry& SafetensorsFile::entry(const std::string& name) const {
    const auto found = entries_.find(name);
    check_input(found != entries_.end(), "{} has no tensor {}", path_.string(), in_quotes(name));
    return found->second;
}

SafetensorsFile::Info SafetensorsFile::info(const std::string& name) const {
    const Entry& e = entry(name);
    const std::optional<DType> dtype = dtype_named(e.dtype);
    check_input(dtype.has_value(), "{}: tensor {} has the type {}, which is not supported",
                path_.string(), in_quotes(name), in_quotes(e.dtype));
    return {*dtype, e.shape};
}

Tensor SafetensorsFile::tensor(const std::string& name) const {
    const auto [dtype, shape] = info(name);
    const size_t offset = data_offset_ + entry(name).begin;
    const std::byte* data = file_->bytes().data() + offset;
    if (offset % size_of(dtype) == 0) {
        return Tensor::share(file_, data, shape, dtype);
    }
    Tensor copy(shape, dtype);
    std::memcpy(copy.raw(), data, copy.bytes());
    return copy;
}

}  // namespace longtake
