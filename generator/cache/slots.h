#pragma once

#include "core/start.h"
#include "core/tensor.h"
#include "generator/cache/plan.h"

#include <cstddef>
#include <cstdint>
#include <span>

// What a cache does to its slots: rows of tensors [groups, capacity, size], fp32 or bf16. A group
// is one head of the keys or of the values. What is kept per slot beside them lies in tensors [1,
// capacity, 1]. On the GPU all of it is queued on `stream`.
namespace longtake::generator {

// The slots `chosen` [n] (int32, ascending), then those of `tail`, move to `to`, to + 1, ...; in
// place, so that none may move up. Elements of any type. Of several tensors of as many slots, at
// most kMostMoved, at once.
void move_slots(std::span<Tensor> together, int64_t to, const Tensor& chosen, Range tail,
                GpuStream stream);
inline void move_slots(Tensor& slots, int64_t to, const Tensor& chosen, Range tail,
                       GpuStream stream) {
    move_slots(std::span(&slots, 1), to, chosen, tail, stream);
}
constexpr std::size_t kMostMoved = 4;
// Slots of `from` into those of a tensor with as many groups, or of the same one where the two
// ranges do not meet. Elements of any type; one of the two may be of the CPU (see allocate_host).
void copy_slots(const Tensor& from, Range slots, Tensor& target, int64_t to, GpuStream stream);
// Moves the slots [to, to + from.count()) by `share` of the way towards those of `from`.
void blend_slots(Tensor& slots, Range from, int64_t to, float share, GpuStream stream);
// Moves each of the slots `to` by `share` of the way towards the mean of those of `from`.
void blend_mean(Tensor& slots, Range from, Range to, float share, GpuStream stream);

// means [groups, size] fp32: of those slots.
void mean_slots(const Tensor& slots, Range range, Tensor& means, GpuStream stream);

// positions [1, capacity, 1] fp32: of every `per_position` slots the next whole number, from
// `first` on. NaN stays NaN.
void place_slots(Tensor& positions, Range slots, int64_t per_position, float first,
                 GpuStream stream);
// Adds to every element.
void shift_positions(Tensor& positions, float by, GpuStream stream);
// keys, values [L, heads, head_dim] go into the slots [first, first + L) of `kept` [3 heads,
// capacity, head_dim]: keys, values, and the keys turned to where their slots stand; `turned_to`
// says so. Of `kept` [2 heads, ...]: turned keys and values.
void write_slots(const Tensor& keys, const Tensor& values, int64_t first, const Tensor& positions,
                 Tensor& turned_to, Tensor& kept, GpuStream stream);
// Turns the keys of those slots whose position is not the one they were turned to last:
//   keys, turned [heads, capacity, head_dim]; positions, turned_to [1, capacity, 1] fp32
// Early: waits for nothing, and ends after the step queued last.
void turn_slots(const Tensor& keys, Range slots, const Tensor& positions, Tensor& turned_to,
                Tensor& turned, GpuStream stream, Start start = Start::After);

void move_slots_cpu(Tensor& slots, int64_t to, const Tensor& chosen, Range tail);
void copy_slots_cpu(const Tensor& from, Range slots, Tensor& target, int64_t to);
void blend_slots_cpu(Tensor& slots, Range from, int64_t to, float share);
void blend_mean_cpu(Tensor& slots, Range from, Range to, float share);
void mean_slots_cpu(const Tensor& slots, Range range, Tensor& means);
void place_slots_cpu(Tensor& positions, Range slots, int64_t per_position, float first);
void shift_positions_cpu(Tensor& positions, float by);
void write_slots_cpu(const Tensor& keys, const Tensor& values, int64_t first,
                     const Tensor& positions, Tensor& turned_to, Tensor& kept);
void turn_slots_cpu(const Tensor& keys, Range slots, const Tensor& positions, Tensor& turned_to,
                    Tensor& turned);

void move_slots_cuda(std::span<Tensor> together, int64_t to, const Tensor& chosen, Range tail,
                     GpuStream stream);
void copy_slots_cuda(const Tensor& from, Range slots, Tensor& target, int64_t to, GpuStream stream);
void blend_slots_cuda(Tensor& slots, Range from, int64_t to, float share, GpuStream stream);
void blend_mean_cuda(Tensor& slots, Range from, Range to, float share, GpuStream stream);
void mean_slots_cuda(const Tensor& slots, Range range, Tensor& means, GpuStream stream);
void place_slots_cuda(Tensor& positions, Range slots, int64_t per_position, float first,
                      GpuStream stream);
void shift_positions_cuda(Tensor& positions, float by, GpuStream stream);
void write_slots_cuda(const Tensor& keys, const Tensor& values, int64_t first,
                      const Tensor& positions, Tensor& turned_to, Tensor& kept, GpuStream stream);
void turn_slots_cuda(const Tensor& keys, Range slots, const Tensor& positions, Tensor& turned_to,
                     Tensor& turned, GpuStream stream, Start start);

}  // namespace longtake::generator
