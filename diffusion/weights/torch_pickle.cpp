#include "diffusion/weights/torch_pickle.h"

#include "core/error.h"
#include "core/tensor.h"
#include "core/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace longtake::diffusion {
namespace {

constexpr std::array<TorchType, 12> kTypes{{
    {"float32", "FloatStorage", 4, DType::F32},
    {"bfloat16", "BFloat16Storage", 2, DType::BF16},
    {"float16", "HalfStorage", 2, DType::F16},
    {"float8_e4m3fn", "Float8_e4m3fnStorage", 1, DType::F8E4M3},
    {"int64", "LongStorage", 8, DType::I64},
    {"int32", "IntStorage", 4, DType::I32},
    {"uint8", "ByteStorage", 1, DType::U8},
    {"bool", "BoolStorage", 1, DType::U8},
    {"int16", "ShortStorage", 2, {}},
    {"int8", "CharStorage", 1, {}},
    {"float64", "DoubleStorage", 8, {}},
    {"float8_e5m2", "Float8_e5m2Storage", 1, {}},
}};
constexpr std::array<std::string_view, 8> kCallables{"collections.OrderedDict",
                                                     "_codecs.encode",
                                                     "torch.Size",
                                                     "torch._utils._rebuild_tensor",
                                                     "torch._utils._rebuild_tensor_v2",
                                                     "torch._utils._rebuild_tensor_v3",
                                                     "torch._utils._rebuild_parameter",
                                                     "torch._utils._rebuild_parameter_with_state"};
constexpr std::array<std::string_view, 2> kUntyped{"torch.storage.UntypedStorage",
                                                   "torch.UntypedStorage"};
constexpr size_t kMaxKey = 64;

template <typename T> const T& need(PickleRef value) {
    const T* held = value->as<T>();
    check_input(held != nullptr, "its pickle describes a tensor wrongly");
    return *held;
}

const PickleList& need_list(PickleRef value, size_t at_least) {
    const auto& list = need<PickleList>(value);
    check_input(list.items.size() >= at_least, "its pickle describes a tensor wrongly");
    return list;
}

std::vector<int64_t> extents(PickleRef value) {
    const auto& list = need<PickleList>(value);
    check_input(list.items.size() <= Shape::kMaxRank, "its pickle holds a tensor of rank {}",
                list.items.size());
    std::vector<int64_t> numbers;
    for (const PickleRef item : list.items) {
        numbers.push_back(need<int64_t>(item));
        check_input(numbers.back() >= 0, "its pickle holds a tensor with the extent {}",
                    numbers.back());
    }
    return numbers;
}

// _rebuild_tensor(storage, offset, size, stride, ...), its _v2 and its _v3, where the type of the
// elements stands apart from the storage.
PickleValue tensor(const PickleList& arguments, size_t type_at) {
    TorchTensor t;
    t.storage = need<TorchStorage>(arguments.items[0]);
    const int64_t offset = need<int64_t>(arguments.items[1]);
    check_input(offset >= 0, "its pickle describes a tensor wrongly");
    t.offset = static_cast<uint64_t>(offset);
    t.sizes = extents(arguments.items[2]);
    t.strides = extents(arguments.items[3]);
    t.type = type_at > 0 ? need<const TorchType*>(arguments.items[type_at]) : t.storage.type;
    check_input(t.type != nullptr && t.sizes.size() == t.strides.size(),
                "its pickle describes a tensor wrongly");
    return {std::move(t)};
}

// What Python's protocol 2 makes of bytes: a text with a character for each of them.
PickleValue bytes_of(const PickleList& arguments) {
    const auto& text = need<std::string>(arguments.items[0]);
    check_input(need<std::string>(arguments.items[1]) == "latin1", "its pickle holds odd bytes");
    std::string bytes;
    for (size_t i = 0; i < text.size(); ++i) {
        const auto first = static_cast<uint8_t>(text[i]);
        if (first >= 0x80) {
            check_input((first & 0xFC) == 0xC0 && i + 1 < text.size(),
                        "its pickle holds odd bytes");
            bytes += static_cast<char>(first << 6 | (static_cast<uint8_t>(text[++i]) & 0x3F));
        } else {
            bytes += static_cast<char>(first);
        }
    }
    return {std::move(bytes)};
}

}  // namespace

PickleValue torch_global(const std::string& module, const std::string& name) {
    const std::string full = module + "." + name;
    if (std::ranges::count(kCallables, full) > 0) {
        return {PickleGlobal{full}};
    }
    if (std::ranges::count(kUntyped, full) > 0) {
        return {static_cast<const TorchType*>(nullptr)};
    }
    if (module == "torch") {
        for (const TorchType& type : kTypes) {
            if (name == type.name || name == type.storage) {
                return {&type};
            }
        }
    }
    fail_input("refuses to call {}: a checkpoint holds tensors, dicts, lists and plain values only",
               one_line(full));
}

PickleValue torch_call(const PickleValue& callable, const PickleValue& arguments) {
    const std::string& name = need<PickleGlobal>(&callable).name;
    if (name == "collections.OrderedDict") {
        check_input(need_list(&arguments, 0).items.empty(),
                    "its pickle fills an OrderedDict oddly");
        return {PickleDict{}};
    }
    if (name == "_codecs.encode") {
        return bytes_of(need_list(&arguments, 2));
    }
    if (name == "torch.Size") {
        const PickleRef sizes = need_list(&arguments, 1).items[0];
        extents(sizes);  // a short list of numbers
        return {PickleList{.items = need<PickleList>(sizes).items, .tuple = true}};
    }
    if (name.ends_with("_v3")) {
        return tensor(need_list(&arguments, 7), 6);
    }
    if (name.starts_with("torch._utils._rebuild_parameter")) {
        return {need<TorchTensor>(need_list(&arguments, 1).items[0])};
    }
    return tensor(need_list(&arguments, 4), 0);
}

PickleValue torch_storage(const PickleValue& persistent_id) {
    const auto& id = need_list(&persistent_id, 5).items;
    check_input(need<std::string>(id[0]) == "storage", "its pickle describes a tensor wrongly");
    const int64_t elements = need<int64_t>(id[4]);
    const auto& key = need<std::string>(id[2]);
    check_input(elements >= 0 && key.size() <= kMaxKey, "its pickle describes a tensor wrongly");
    return {TorchStorage{.key = key,
                         .type = need<const TorchType*>(id[1]),
                         .elements = static_cast<uint64_t>(elements)}};
}

}  // namespace longtake::diffusion
