#pragma once

#include "core/device.h"
#include "core/dtype.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace longtake {

// Extents, outermost first. A scalar has no extents and one element. Held in place, so that making
// and copying shapes allocates nothing.
class Shape {
  public:
    static constexpr size_t kMaxRank = 8;

    Shape() = default;
    Shape(std::initializer_list<int64_t> extents)
        : Shape(std::span(extents.begin(), extents.size())) {}
    explicit Shape(const std::vector<int64_t>& extents) : Shape(std::span(extents)) {}
    // Throws Error for a negative extent, a rank above kMaxRank, or a size beyond 63 bits.
    explicit Shape(std::span<const int64_t> extents);

    size_t rank() const { return rank_; }
    int64_t operator[](size_t i) const { return extents_[i]; }
    int64_t back() const { return extents_[rank_ - 1]; }
    int64_t count() const;  // number of elements
    std::span<const int64_t> extents() const { return {extents_.data(), rank_}; }
    // The same shape with one extent replaced.
    Shape with(size_t i, int64_t extent) const;
    std::string str() const;  // "[2, 3, 4]"
    bool operator==(const Shape&) const = default;

  private:
    std::array<int64_t, kMaxRank> extents_{};  // zero beyond rank_
    size_t rank_ = 0;
};

// A contiguous, row-major block of elements. Copying a Tensor shares its storage; `clone` copies
// the elements. Storage is aligned to 64 bytes or more when the Tensor owns it; a Tensor made with
// `view` or `share` refers to memory that somebody else owns (an arena, a mapped file).
class Tensor {
  public:
    Tensor() = default;
    Tensor(Shape shape, DType dtype, Device device = Device::Cpu);  // uninitialized
    static Tensor zeros(Shape shape, DType dtype = DType::F32);
    // Of the CPU, where `other` copies to and from it while the program goes on; uninitialized.
    static Tensor on_host(Shape shape, DType dtype, Device other);
    // Refers to `data`, which must outlive every use.
    static Tensor view(void* data, Shape shape, DType dtype, Device device = Device::Cpu);
    // Refers to `data` and keeps `owner` alive.
    static Tensor share(std::shared_ptr<const void> owner, const void* data, Shape shape,
                        DType dtype, Device device = Device::Cpu);
    static Tensor from(std::span<const float> values, Shape shape);

    const Shape& shape() const { return shape_; }
    int64_t extent(size_t i) const { return shape_[i]; }
    int64_t count() const { return shape_.count(); }
    size_t bytes() const { return static_cast<size_t>(count()) * size_of(dtype_); }
    DType dtype() const { return dtype_; }
    Device device() const { return device_; }
    bool empty() const { return data_ == nullptr; }

    // Typed access; throws Error when T is not the element type.
    template <typename T> T* data() { return static_cast<T*>(typed(dtype_of<T>::value)); }
    template <typename T> const T* data() const {
        return static_cast<const T*>(typed(dtype_of<T>::value));
    }
    template <typename T> std::span<T> values() {
        return {data<T>(), static_cast<size_t>(count())};
    }
    template <typename T> std::span<const T> values() const {
        return {data<T>(), static_cast<size_t>(count())};
    }
    void* raw() { return data_; }
    const void* raw() const { return data_; }

    // The same elements under another shape of equal count.
    Tensor reshape(Shape shape) const;
    // Rows [begin, end) of the outermost extent, sharing storage.
    Tensor slice(int64_t begin, int64_t end) const;
    Tensor clone() const;
    // A copy in another element type (the floating-point types convert into each other, on the
    // CPU); the same tensor when the type already fits.
    Tensor to(DType dtype) const;
    // A copy on another device; the same tensor when it is there already.
    Tensor to(Device device) const;

  private:
    void* typed(DType wanted) const;

    Shape shape_;
    DType dtype_ = DType::F32;
    Device device_ = Device::Cpu;
    std::shared_ptr<const void> owner_;
    void* data_ = nullptr;
};

}  // namespace longtake
