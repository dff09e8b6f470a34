#include "generator/cache/kv_store.h"

#include "core/error.h"
#include "core/parallel.h"
#include "diffusion/ops/layout.h"
#include "diffusion/ops/rope.h"

#include <algorithm>
#include <cstring>

namespace longtake::generator {
namespace {

constexpr double kTheta = 10000.0;

// Moves runs of slots to the front of every head.
void move_runs(Tensor& slots, std::span<const Range> runs) {
    const int64_t capacity = slots.extent(1);
    const size_t bytes = static_cast<size_t>(slots.extent(2)) * size_of(slots.dtype());
    auto* base = static_cast<std::byte*>(slots.raw());
    parallel_for(slots.extent(0), [=](int64_t h) {
        std::byte* head = base + static_cast<size_t>(h * capacity) * bytes;
        size_t to = 0;
        for (const Range& run : runs) {
            const size_t count = static_cast<size_t>(run.count()) * bytes;
            std::memmove(head + to, head + static_cast<size_t>(run.begin) * bytes, count);
            to += count;
        }
    });
}

template <typename T> void move_runs(std::span<T> slots, std::span<const Range> runs) {
    auto to = slots.begin();
    for (const Range& run : runs) {
        to = std::copy(slots.begin() + run.begin, slots.begin() + run.end, to);
    }
}

void copy_slots(const Tensor& from, Range slots, Tensor& target, int64_t to) {
    check(from.shape() == target.shape(), "a cache of another shape");
    const size_t row = static_cast<size_t>(from.extent(2)) * size_of(from.dtype());
    const auto* source = static_cast<const std::byte*>(from.raw());
    auto* result = static_cast<std::byte*>(target.raw());
    for (int64_t h = 0; h < from.extent(0); ++h) {
        std::memcpy(result + static_cast<size_t>(h * from.extent(1) + to) * row,
                    source + static_cast<size_t>(h * from.extent(1) + slots.begin) * row,
                    static_cast<size_t>(slots.count()) * row);
    }
}

template <typename T> void mix_slots(Tensor& slots, Range from, int64_t to, float share) {
    const int64_t capacity = slots.extent(1), dim = slots.extent(2);
    T* all = slots.data<T>();
    parallel_for(slots.extent(0), [=](int64_t h) {
        const T* source = all + (h * capacity + from.begin) * dim;
        T* target = all + (h * capacity + to) * dim;
        for (int64_t i = 0; i < from.count() * dim; ++i) {
            const auto old = static_cast<float>(target[i]);
            target[i] = old + share * (static_cast<float>(source[i]) - old);
        }
    });
}

template <typename T> void mix_mean(Tensor& slots, Range from, Range to, float share) {
    const int64_t capacity = slots.extent(1), dim = slots.extent(2);
    T* all = slots.data<T>();
    parallel_for(slots.extent(0), [=](int64_t h) {
        T* head = all + h * capacity * dim;
        for (int64_t i = 0; i < dim; ++i) {
            double sum = 0;
            for (int64_t s = from.begin; s < from.end; ++s) {
                sum += static_cast<double>(static_cast<float>(head[s * dim + i]));
            }
            const auto mean = static_cast<float>(sum / static_cast<double>(from.count()));
            for (int64_t s = to.begin; s < to.end; ++s) {
                const auto old = static_cast<float>(head[s * dim + i]);
                head[s * dim + i] = old + share * (mean - old);
            }
        }
    });
}

template <typename T>
void rotate_slots(const Tensor& keys, Tensor& rotated, std::span<const int32_t> slots,
                  int64_t pairs, const float* cosines, const float* sines) {
    const int64_t heads = keys.extent(0), capacity = keys.extent(1), dim = keys.extent(2);
    const T* from = keys.data<T>();
    T* to = rotated.data<T>();
    parallel_for(static_cast<int64_t>(slots.size()), [=](int64_t i) {
        const float* c = cosines + i * pairs;
        const float* s = sines + i * pairs;
        for (int64_t h = 0; h < heads; ++h) {
            const T* x = from + (h * capacity + slots[static_cast<size_t>(i)]) * dim;
            T* y = to + (h * capacity + slots[static_cast<size_t>(i)]) * dim;
            for (int64_t k = 0; k < pairs; ++k) {
                const auto a = static_cast<float>(x[2 * k]), b = static_cast<float>(x[2 * k + 1]);
                y[2 * k] = a * c[k] - b * s[k];
                y[2 * k + 1] = b * c[k] + a * s[k];
            }
            std::copy(x + 2 * pairs, x + dim, y + 2 * pairs);
        }
    });
}

}  // namespace

KvStore::KvStore(const CacheGeometry& geometry, int64_t capacity)
    : geometry_(geometry), capacity_(capacity) {
    check(geometry.dtype == DType::F32 || geometry.dtype == DType::BF16, "a cache in {}",
          name_of(geometry.dtype));
    const Shape shape{geometry.heads, capacity, geometry.head_dim};
    for (int layer = 0; layer < geometry.layers; ++layer) {
        keys_.emplace_back(shape, geometry.dtype);
        values_.emplace_back(shape, geometry.dtype);
        rotated_.emplace_back(shape, geometry.dtype);
    }
    const auto slots = static_cast<size_t>(geometry.layers * capacity);
    positions_.resize(slots);
    rotated_at_.resize(slots, kStale);
    reuse_.resize(slots);
    changed_.reserve(static_cast<size_t>(capacity));
    const auto pairs = static_cast<size_t>(diffusion::RopeAxes(geometry.head_dim).time);
    cosines_.resize(static_cast<size_t>(capacity) * pairs);
    sines_.resize(cosines_.size());
}

void KvStore::copy_from(const KvStore& other, Range slots) {
    check(keys_.size() == other.keys_.size() && capacity_ == other.capacity_,
          "a cache of another shape");
    for (size_t layer = 0; layer < keys_.size(); ++layer) {
        copy_slots(other.keys_[layer], slots, keys_[layer], slots.begin);
        copy_slots(other.values_[layer], slots, values_[layer], slots.begin);
        copy_slots(other.rotated_[layer], slots, rotated_[layer], slots.begin);
    }
    positions_ = other.positions_;
    rotated_at_ = other.rotated_at_;
    reuse_ = other.reuse_;
}

void KvStore::keep(int layer, std::span<const Range> runs) {
    for (auto* tensors : {&keys_, &values_, &rotated_}) {
        move_runs((*tensors)[static_cast<size_t>(layer)], runs);
    }
    move_runs(positions(layer), runs);
    move_runs(of(rotated_at_, layer), runs);
    move_runs(reuse(layer), runs);
}

void KvStore::write(int layer, int64_t first, const Tensor& keys, const Tensor& values) {
    const int64_t rows = keys.extent(0);
    check(keys.dtype() == geometry_.dtype && keys.extent(1) == geometry_.heads &&
              keys.extent(2) == geometry_.head_dim && values.shape() == keys.shape() &&
              values.dtype() == keys.dtype() && first + rows <= capacity_,
          "keys {} do not fit the cache", keys.shape().str());
    diffusion::scatter_heads(keys, keys_[static_cast<size_t>(layer)], first);
    diffusion::scatter_heads(values, values_[static_cast<size_t>(layer)], first);
    forget_rotation(layer, {first, first + rows});
}

void KvStore::blend(int layer, Range from, int64_t to, double share) {
    const auto mix = geometry_.dtype == DType::F32 ? mix_slots<float> : mix_slots<bf16>;
    for (auto* tensors : {&keys_, &values_}) {
        mix((*tensors)[static_cast<size_t>(layer)], from, to, static_cast<float>(share));
    }
    forget_rotation(layer, {to, to + from.count()});
}

void KvStore::blend_mean(int layer, Range from, Range to, double share) {
    const auto mix = geometry_.dtype == DType::F32 ? mix_mean<float> : mix_mean<bf16>;
    for (auto* tensors : {&keys_, &values_}) {
        mix((*tensors)[static_cast<size_t>(layer)], from, to, static_cast<float>(share));
    }
    forget_rotation(layer, to);
}

void KvStore::copy(int layer, Range from, int64_t to) {
    for (auto* tensors : {&keys_, &values_}) {
        Tensor& slots = (*tensors)[static_cast<size_t>(layer)];
        copy_slots(slots, from, slots, to);
    }
    forget_rotation(layer, {to, to + from.count()});
}

void KvStore::forget_rotation(int layer, Range slots) {
    std::ranges::fill(
        of(rotated_at_, layer)
            .subspan(static_cast<size_t>(slots.begin), static_cast<size_t>(slots.count())),
        kStale);
}

void KvStore::refresh(int layer, int64_t slots) {
    const auto at = positions(layer);
    const auto derived = of(rotated_at_, layer);
    const int64_t pairs = diffusion::RopeAxes(geometry_.head_dim).time;
    changed_.clear();
    for (int64_t slot = 0; slot < slots; ++slot) {
        const auto i = static_cast<size_t>(slot);
        if (derived[i] == at[i]) {
            continue;
        }
        float* c = cosines_.data() + static_cast<int64_t>(changed_.size()) * pairs;
        float* s = sines_.data() + static_cast<int64_t>(changed_.size()) * pairs;
        if (!changed_.empty() && at[static_cast<size_t>(changed_.back())] == at[i]) {
            std::copy_n(c - pairs, pairs, c);
            std::copy_n(s - pairs, pairs, s);
        } else {
            diffusion::rope_angles(at[i], pairs, kTheta, c, s);
        }
        changed_.push_back(static_cast<int32_t>(slot));
        derived[i] = at[i];
    }
    const auto rotate = geometry_.dtype == DType::F32 ? rotate_slots<float> : rotate_slots<bf16>;
    rotate(keys_[static_cast<size_t>(layer)], rotated_[static_cast<size_t>(layer)], changed_, pairs,
           cosines_.data(), sines_.data());
}

diffusion::KvView KvStore::view(int layer, int64_t slots) const {
    return {.keys = rotated_[static_cast<size_t>(layer)].raw(),
            .values = values_[static_cast<size_t>(layer)].raw(),
            .slots = slots,
            .stride = capacity_,
            .dtype = geometry_.dtype};
}

size_t KvStore::bytes() const {
    return keys_.empty() ? 0 : 3 * keys_.size() * keys_.front().bytes();
}

}  // namespace longtake::generator
