#include "core/error.h"
#include "core/parallel.h"
#include "diffusion/ops/layout.h"
#include "diffusion/ops/rope.h"
#include "diffusion/ops/row_kernels.h"
#include "generator/cache/slots.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace longtake::generator {
namespace {

constexpr int64_t kTogether = 128;  // slots that one thread turns in a row

size_t row_bytes(const Tensor& slots) {
    return static_cast<size_t>(slots.extent(2)) * size_of(slots.dtype());
}

template <typename T> void blend(Tensor& slots, Range from, int64_t to, float share) {
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

// Of element `i` of a group's slots.
template <typename T> float mean_of(const T* group, int64_t dim, Range slots, int64_t i) {
    double sum = 0;
    for (int64_t s = slots.begin; s < slots.end; ++s) {
        sum += static_cast<double>(static_cast<float>(group[s * dim + i]));
    }
    return static_cast<float>(sum / static_cast<double>(slots.count()));
}

template <typename T> void blend_with_mean(Tensor& slots, Range from, Range to, float share) {
    const int64_t capacity = slots.extent(1), dim = slots.extent(2);
    T* all = slots.data<T>();
    parallel_for(slots.extent(0), [=](int64_t h) {
        T* head = all + h * capacity * dim;
        for (int64_t i = 0; i < dim; ++i) {
            const float average = mean_of(head, dim, from, i);
            for (int64_t s = to.begin; s < to.end; ++s) {
                const auto old = static_cast<float>(head[s * dim + i]);
                head[s * dim + i] = old + share * (average - old);
            }
        }
    });
}

template <typename T> void means_of(const Tensor& slots, Range range, float* means) {
    const int64_t capacity = slots.extent(1), dim = slots.extent(2);
    const T* all = slots.data<T>();
    parallel_for(slots.extent(0), [=](int64_t h) {
        for (int64_t i = 0; i < dim; ++i) {
            means[h * dim + i] = mean_of(all + h * capacity * dim, dim, range, i);
        }
    });
}

template <typename T>
void turn(const Tensor& keys, Range slots, const float* positions, float* turned_to,
          Tensor& turned) {
    const int64_t heads = keys.extent(0), capacity = keys.extent(1), dim = keys.extent(2);
    check(dim <= diffusion::kMaxHeadDim, "head_dim {} is too large", dim);
    const auto turn_rows = diffusion::row_kernels(dim).turn[keys.dtype()];
    const T* from = keys.data<T>();
    T* to = turned.data<T>();
    parallel_for((slots.count() + kTogether - 1) / kTogether, [=](int64_t block) {
        std::array<float, diffusion::kMaxHeadDim> cosines, sines;
        const int64_t first = slots.begin + block * kTogether;
        const int64_t last = std::min(first + kTogether, slots.end);
        const auto stale = [=](int64_t slot) { return turned_to[slot] != positions[slot]; };
        for (int64_t slot = first, end; slot < last; slot = end) {
            end = slot + 1;
            if (!stale(slot)) {
                continue;
            }
            while (end < last && stale(end) && positions[end] == positions[slot]) {
                ++end;
            }
            diffusion::time_turn(positions[slot], dim, diffusion::kRopeTheta, cosines.data(),
                                 sines.data());
            for (int64_t h = 0; h < heads; ++h) {
                const int64_t at = (h * capacity + slot) * dim;
                turn_rows(from + at, end - slot, {cosines.data(), sines.data()}, dim, to + at);
            }
            std::copy(positions + slot, positions + end, turned_to + slot);
        }
    });
}

// Calls `work` with a value of the element type.
template <typename Work> void with_type(const Tensor& t, Work&& work) {
    switch (t.dtype()) {
        case DType::F32: return work(float{});
        case DType::BF16: return work(bf16{});
        default: fail("slots of {} cannot be computed with", name_of(t.dtype()));
    }
}

}  // namespace

void move_slots_cpu(Tensor& slots, int64_t to, const Tensor& chosen, Range tail) {
    const int64_t capacity = slots.extent(1);
    const size_t bytes = row_bytes(slots);
    const auto rows = chosen.values<int32_t>();
    auto* base = static_cast<std::byte*>(slots.raw());
    parallel_for(slots.extent(0), [=](int64_t h) {
        std::byte* head = base + static_cast<size_t>(h * capacity) * bytes;
        std::byte* next = head + static_cast<size_t>(to) * bytes;
        for (const int32_t row : rows) {
            std::memmove(next, head + static_cast<size_t>(row) * bytes, bytes);
            next += bytes;
        }
        std::memmove(next, head + static_cast<size_t>(tail.begin) * bytes,
                     static_cast<size_t>(tail.count()) * bytes);
    });
}

void copy_slots_cpu(const Tensor& from, Range slots, Tensor& target, int64_t to) {
    const size_t row = row_bytes(from);
    const auto* source = static_cast<const std::byte*>(from.raw());
    auto* result = static_cast<std::byte*>(target.raw());
    for (int64_t h = 0; h < from.extent(0); ++h) {
        std::memcpy(result + static_cast<size_t>(h * target.extent(1) + to) * row,
                    source + static_cast<size_t>(h * from.extent(1) + slots.begin) * row,
                    static_cast<size_t>(slots.count()) * row);
    }
}

void blend_slots_cpu(Tensor& slots, Range from, int64_t to, float share) {
    with_type(slots, [&](auto element) { blend<decltype(element)>(slots, from, to, share); });
}

void blend_mean_cpu(Tensor& slots, Range from, Range to, float share) {
    with_type(slots,
              [&](auto element) { blend_with_mean<decltype(element)>(slots, from, to, share); });
}

void mean_slots_cpu(const Tensor& slots, Range range, Tensor& means) {
    with_type(slots, [&](auto element) {
        means_of<decltype(element)>(slots, range, means.data<float>());
    });
}

void place_slots_cpu(Tensor& positions, Range slots, int64_t per_position, float first) {
    float* at = positions.data<float>() + slots.begin;
    for (int64_t i = 0; i < slots.count(); ++i) {
        at[i] = first + static_cast<float>(i / per_position);
    }
}

void shift_positions_cpu(Tensor& positions, float by) {
    for (float& position : positions.values<float>()) {
        position += by;
    }
}

void write_slots_cpu(const Tensor& keys, const Tensor& values, int64_t first,
                     const Tensor& positions, Tensor& turned_to, Tensor& kept) {
    const int64_t heads = keys.extent(1), last = first + keys.extent(0);
    Tensor key_slots = kept.slice(0, heads), value_slots = kept.slice(heads, 2 * heads);
    Tensor turned = kept.extent(0) == 3 * heads ? kept.slice(2 * heads, 3 * heads) : key_slots;
    diffusion::scatter_heads_cpu(keys, key_slots, first);
    diffusion::scatter_heads_cpu(values, value_slots, first);
    std::fill(turned_to.data<float>() + first, turned_to.data<float>() + last, NAN);
    turn_slots_cpu(key_slots, {first, last}, positions, turned_to, turned);
}

void turn_slots_cpu(const Tensor& keys, Range slots, const Tensor& positions, Tensor& turned_to,
                    Tensor& turned) {
    with_type(keys, [&](auto element) {
        turn<decltype(element)>(keys, slots, positions.data<float>(), turned_to.data<float>(),
                                turned);
    });
}

}  // namespace longtake::generator
