#pragma once

#include "core/dtype.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

// What a restricted pickle can hold. Values refer to each other, cycles included, and belong to the
// Pickle that was read.
namespace longtake::diffusion {

struct PickleValue;
using PickleRef = const PickleValue*;

struct PickleList {
    std::vector<PickleRef> items;
    bool tuple = false;
};
struct PickleDict {
    std::vector<std::pair<PickleRef, PickleRef>> items;
};
struct PickleGlobal {
    std::string name;  // "collections.OrderedDict"
};

// An element type of PyTorch's, whether we compute with it or not.
struct TorchType {
    std::string_view name;     // "float32"
    std::string_view storage;  // "FloatStorage"
    size_t bytes;
    std::optional<DType> dtype;
};
struct TorchStorage {
    std::string key;                  // of the archive's entry
    const TorchType* type = nullptr;  // null: untyped, counted in bytes
    uint64_t elements = 0;
};
// A view of a storage; sizes and strides in elements.
struct TorchTensor {
    TorchStorage storage;
    const TorchType* type = nullptr;
    uint64_t offset = 0;
    std::vector<int64_t> sizes, strides;
};

struct PickleValue {
    std::variant<std::monostate, bool, int64_t, double, std::string, PickleList, PickleDict,
                 PickleGlobal, const TorchType*, TorchStorage, TorchTensor>
        value;

    template <typename T> const T* as() const { return std::get_if<T>(&value); }
    template <typename T> T* as() { return std::get_if<T>(&value); }
};

}  // namespace longtake::diffusion
