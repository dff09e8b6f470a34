#include "core/tensor.h"

#include "core/error.h"
#include "core/parallel.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace longtake {
namespace {

template <typename To, typename From> void convert(const Tensor& from, Tensor& to) {
    const From* src = from.data<From>();
    To* dst = to.data<To>();
    constexpr int64_t kPiece = 1 << 16;
    parallel_for((from.count() + kPiece - 1) / kPiece, [=, count = from.count()](int64_t piece) {
        for (int64_t i = piece * kPiece; i < std::min((piece + 1) * kPiece, count); ++i) {
            dst[i] = To(static_cast<float>(src[i]));
        }
    });
}

template <typename From> void convert_from(const Tensor& from, Tensor& to) {
    switch (to.dtype()) {
        case DType::F32: return convert<float, From>(from, to);
        case DType::BF16: return convert<bf16, From>(from, to);
        case DType::F16: return convert<fp16, From>(from, to);
        case DType::F8E4M3: return convert<f8e4m3, From>(from, to);
        default: fail("cannot convert {} to {}", name_of(from.dtype()), name_of(to.dtype()));
    }
}

}  // namespace

Shape::Shape(std::span<const int64_t> extents) : rank_(extents.size()) {
    check(rank_ <= kMaxRank, "a shape of rank {}, at most {}", rank_, kMaxRank);
    std::copy(extents.begin(), extents.end(), extents_.begin());
    int64_t count = 1;
    for (const int64_t e : extents) {
        if (e < 0 || (e > 0 && count > std::numeric_limits<int64_t>::max() / 8 / e)) {
            fail("bad shape {}", str());
        }
        count *= e == 0 ? 1 : e;
    }
}

int64_t Shape::count() const {
    int64_t count = 1;
    for (const int64_t e : extents()) {
        count *= e;
    }
    return count;
}

Shape Shape::with(size_t i, int64_t extent) const {
    std::array<int64_t, kMaxRank> changed = extents_;
    changed.at(i) = extent;
    return Shape(std::span<const int64_t>(changed.data(), rank_));
}

std::string Shape::str() const {
    return fmt::format("[{}]", fmt::join(extents(), ", "));
}

Tensor::Tensor(Shape shape, DType dtype, Device device)
    : shape_(shape), dtype_(dtype), device_(device) {
    const std::shared_ptr<void> storage = allocate(bytes(), device);
    data_ = storage.get();
    owner_ = storage;
}

Tensor Tensor::zeros(Shape shape, DType dtype) {
    Tensor t(shape, dtype);
    std::memset(t.data_, 0, t.bytes());
    return t;
}

Tensor Tensor::on_host(Shape shape, DType dtype, Device other) {
    Tensor t;
    t.shape_ = shape;
    t.dtype_ = dtype;
    const std::shared_ptr<void> storage = allocate_host(t.bytes(), other);
    t.data_ = storage.get();
    t.owner_ = storage;
    return t;
}

Tensor Tensor::view(void* data, Shape shape, DType dtype, Device device) {
    Tensor t;
    t.shape_ = shape;
    t.dtype_ = dtype;
    t.device_ = device;
    t.data_ = data;
    return t;
}

Tensor Tensor::share(std::shared_ptr<const void> owner, const void* data, Shape shape, DType dtype,
                     Device device) {
    Tensor t = view(const_cast<void*>(data), shape, dtype, device);
    t.owner_ = std::move(owner);
    return t;
}

Tensor Tensor::from(std::span<const float> values, Shape shape) {
    Tensor t(shape, DType::F32);
    check(t.count() == static_cast<int64_t>(values.size()), "{} values for shape {}", values.size(),
          t.shape_.str());
    std::ranges::copy(values, t.data<float>());
    return t;
}

void* Tensor::typed(DType wanted) const {
    if (dtype_ != wanted) {
        fail("tensor {} holds {}, not {}", shape_.str(), name_of(dtype_), name_of(wanted));
    }
    return data_;
}

Tensor Tensor::reshape(Shape shape) const {
    if (shape.count() != count()) {
        fail("cannot view {} as {}", shape_.str(), shape.str());
    }
    Tensor t = *this;
    t.shape_ = shape;
    return t;
}

Tensor Tensor::slice(int64_t begin, int64_t end) const {
    if (shape_.rank() == 0 || begin < 0 || begin > end || end > shape_[0]) {
        fail("rows [{}, {}) of {}", begin, end, shape_.str());
    }
    const int64_t row = shape_[0] == 0 ? 0 : count() / shape_[0];
    Tensor t = *this;
    t.shape_ = shape_.with(0, end - begin);
    t.data_ = static_cast<std::byte*>(data_) + static_cast<size_t>(begin * row) * size_of(dtype_);
    return t;
}

Tensor Tensor::clone() const {
    Tensor t(shape_, dtype_, device_);
    copy_bytes(t.data_, device_, data_, device_, bytes());
    return t;
}

Tensor Tensor::to(DType dtype) const {
    if (dtype == dtype_) {
        return *this;
    }
    check(device_ == Device::Cpu, "types are converted on the CPU");
    Tensor t(shape_, dtype);
    switch (dtype_) {
        case DType::F32: convert_from<float>(*this, t); break;
        case DType::BF16: convert_from<bf16>(*this, t); break;
        case DType::F16: convert_from<fp16>(*this, t); break;
        case DType::F8E4M3: convert_from<f8e4m3>(*this, t); break;
        default: fail("cannot convert {} to {}", name_of(dtype_), name_of(dtype));
    }
    return t;
}

Tensor Tensor::to(Device device) const {
    if (device == device_) {
        return *this;
    }
    Tensor t(shape_, dtype_, device);
    copy_bytes(t.data_, device, data_, device_, bytes());
    return t;
}

}  // namespace longtake
