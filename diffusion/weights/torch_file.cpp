#include "diffusion/weights/torch_file.h"

#include "core/error.h"
#include "core/text.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace longtake::diffusion {
namespace {

// Under which of its keys a training checkpoint keeps the model, best first.
constexpr std::array<std::string_view, 8> kModelKeys{
    "generator_ema", "generator_lora", "generator", "ema",
    "model",         "state_dict",     "module",    "params"};
constexpr int kMaxNesting = 3;
constexpr std::string_view kProgram = "data.pkl";

// `read` adds the file's name to what it complains about.
template <typename Read> auto named(const std::filesystem::path& path, Read&& read) {
    try {
        return read();
    } catch (const InputError& e) {
        fail_input("{}: {}", path.string(), e.what());
    }
}

PickleRef find(const PickleDict& dict, std::string_view key) {
    for (const auto& [name, value] : dict.items) {
        const auto* text = name->as<std::string>();
        if (text != nullptr && *text == key) {
            return value;
        }
    }
    return nullptr;
}

struct Model {
    const PickleDict* dict;
    std::string key;
};

// The dict that holds the model's tensors.
Model find_model(const PickleValue& root) {
    Model model{root.as<PickleDict>(), {}};
    check_input(model.dict != nullptr, "holds no dict of tensors");
    for (int depth = 0; depth < kMaxNesting; ++depth) {
        const Model outer = model;
        for (const std::string_view key : kModelKeys) {
            const PickleRef inner = find(*outer.dict, key);
            const auto* dict = inner == nullptr ? nullptr : inner->as<PickleDict>();
            if (dict != nullptr && !dict->items.empty()) {
                model = {dict, outer.key + (outer.key.empty() ? "" : ".") + std::string(key)};
                break;
            }
        }
        if (model.dict == outer.dict) {
            break;
        }
    }
    return model;
}

std::string folder_of(const ZipDirectory& zip) {
    std::string folder;
    bool found = false;
    for (const std::string& name : zip.names()) {
        const size_t slash = name.rfind('/') + 1;  // 0 when there is none
        check_input(std::string_view(name).substr(slash) != "constants.pkl",
                    "is a TorchScript program, not a checkpoint");
        if (std::string_view(name).substr(slash) == kProgram) {
            check_input(!found, "holds two checkpoints");
            found = true;
            folder = name.substr(0, slash);
        }
    }
    check_input(found, "is a zip archive without a PyTorch checkpoint in it");
    return folder;
}

// Copies a view's elements into row-major order, the innermost dimensions last.
void gather(const TorchTensor& view, size_t dimension, const std::byte* from, std::byte*& to) {
    const size_t bytes = view.type->bytes;
    if (dimension == view.sizes.size()) {
        std::memcpy(to, from, bytes);
        to += bytes;
        return;
    }
    for (int64_t i = 0; i < view.sizes[dimension]; ++i) {
        gather(view, dimension + 1, from + static_cast<size_t>(i * view.strides[dimension]) * bytes,
               to);
    }
}

bool is_contiguous(const TorchTensor& view) {
    int64_t stride = 1;
    for (size_t i = view.sizes.size(); i-- > 0;) {
        if (view.sizes[i] != 1 && view.strides[i] != stride) {
            return false;
        }
        stride *= view.sizes[i];
    }
    return true;
}

}  // namespace

TorchFile::TorchFile(const std::filesystem::path& path, std::shared_ptr<const MappedFile> file)
    : path_(path),
      file_(std::move(file)),
      zip_(named(path, [&] { return ZipDirectory(file_->bytes()); })) {
    named(path_, [&] {
        folder_ = folder_of(zip_);
        if (zip_.contains(folder_ + "byteorder")) {
            const auto order = zip_.entry(folder_ + "byteorder");
            check_input(order.size() == 6 && std::memcmp(order.data(), "little", 6) == 0,
                        "was saved on a big-endian machine");
        }
        const Pickle pickle(zip_.entry(folder_ + std::string(kProgram)));
        const Model model = find_model(pickle.root());
        within_ = model.key;
        for (const auto& [key, value] : model.dict->items) {
            const auto* name = key->as<std::string>();
            const auto* tensor = value->as<TorchTensor>();
            if (name != nullptr && tensor != nullptr) {
                try {
                    check_bounds(*tensor);
                } catch (const InputError& e) {
                    fail_input("tensor {}: {}", in_quotes(*name), e.what());
                }
                tensors_.insert_or_assign(*name, *tensor);
            }
        }
        check_input(!tensors_.empty(), "holds no named tensors");
    });
}

std::string TorchFile::format() const {
    return within_.empty() ? "PyTorch" : "PyTorch, " + within_;
}

std::vector<std::string> TorchFile::names() const {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : tensors_) {
        names.push_back(name);
    }
    return names;
}

std::span<const std::byte> TorchFile::storage(const TorchTensor& tensor) const {
    return zip_.entry(folder_ + "data/" + tensor.storage.key);
}

// Every element lies in the storage, and no tensor is larger than its storage.
void TorchFile::check_bounds(const TorchTensor& t) const {
    const auto bytes = storage(t);
    const size_t width = t.storage.type == nullptr ? 1 : t.storage.type->bytes;
    check_input(t.storage.elements == bytes.size() / width && bytes.size() % width == 0,
                "its storage has {} bytes, not the {} elements it claims", bytes.size(),
                t.storage.elements);
    const bool none = std::ranges::count(t.sizes, 0) > 0;
    const uint64_t available = (none ? file_->bytes().size() : bytes.size()) / t.type->bytes;
    uint64_t count = 1, last = none ? 0 : t.offset;  // `last`: where the furthest element is
    for (size_t i = 0; i < t.sizes.size(); ++i) {
        const auto size = static_cast<uint64_t>(std::max<int64_t>(t.sizes[i], 1));
        const auto stride = none ? 0 : static_cast<uint64_t>(t.strides[i]);
        const uint64_t room = available - std::min(available, last);
        check_input(size <= available / count && (stride == 0 || size - 1 <= room / stride),
                    "it reaches past the end of its storage");
        count *= size;
        last += (size - 1) * stride;
    }
    check_input(last < available, "it reaches past the end of its storage");
}

const TorchTensor& TorchFile::described(const std::string& name) const {
    const auto found = tensors_.find(name);
    check_input(found != tensors_.end(), "{} has no tensor {}", path_.string(), in_quotes(name));
    check_input(found->second.type->dtype.has_value(),
                "{}: tensor {} has the type {}, which is not supported", path_.string(),
                in_quotes(name), found->second.type->name);
    return found->second;
}

TensorFile::Info TorchFile::info(const std::string& name) const {
    const TorchTensor& t = described(name);
    return {*t.type->dtype, Shape(t.sizes)};
}

Tensor TorchFile::tensor(const std::string& name) const {
    const TorchTensor& t = described(name);
    const auto [dtype, shape] = info(name);
    if (shape.count() == 0) {
        return Tensor(shape, dtype);
    }
    const std::byte* data = storage(t).data() + t.offset * t.type->bytes;
    const bool aligned = reinterpret_cast<uintptr_t>(data) % t.type->bytes == 0;
    if (aligned && is_contiguous(t)) {
        return Tensor::share(file_, data, shape, dtype);
    }
    Tensor copy(shape, dtype);
    auto* to = static_cast<std::byte*>(copy.raw());
    gather(t, 0, data, to);
    return copy;
}

}  // namespace longtake::diffusion
