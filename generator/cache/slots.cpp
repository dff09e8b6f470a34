#include "generator/cache/slots.h"

#include "core/error.h"

namespace longtake::generator {
namespace {

void check_range(const Tensor& slots, Range range) {
    check(range.begin >= 0 && range.begin <= range.end && range.end <= slots.extent(1),
          "slots [{}, {}) of {}", range.begin, range.end, slots.shape().str());
}

}  // namespace

void move_slots(std::span<Tensor> together, int64_t to, const Tensor& chosen, Range tail,
                GpuStream stream) {
    check(!together.empty() && together.size() <= kMostMoved, "move_slots: {} tensors",
          together.size());
    for (const Tensor& slots : together) {
        check_range(slots, tail);
        check(chosen.device() == slots.device(), "move_slots: tensors of two devices");
    }
    check(tail.count() == 0 || to + chosen.count() <= tail.begin, "slots from {} move up to {}",
          tail.begin, to + chosen.count());
    if (chosen.device() == Device::Cuda) {
        return move_slots_cuda(together, to, chosen, tail, stream);
    }
    for (Tensor& slots : together) {
        move_slots_cpu(slots, to, chosen, tail);
    }
}

void copy_slots(const Tensor& from, Range slots, Tensor& target, int64_t to, GpuStream stream) {
    check(
        from.shape().with(1, target.extent(1)) == target.shape() && from.dtype() == target.dtype(),
        "slots {} into {}", from.shape().str(), target.shape().str());
    check_range(from, slots);
    check_range(target, {to, to + slots.count()});
    from.device() == Device::Cpu&& target.device() == Device::Cpu
        ? copy_slots_cpu(from, slots, target, to)
        : copy_slots_cuda(from, slots, target, to, stream);
}

void blend_slots(Tensor& slots, Range from, int64_t to, float share, GpuStream stream) {
    check_range(slots, from);
    check_range(slots, {to, to + from.count()});
    slots.device() == Device::Cpu ? blend_slots_cpu(slots, from, to, share)
                                  : blend_slots_cuda(slots, from, to, share, stream);
}

void blend_mean(Tensor& slots, Range from, Range to, float share, GpuStream stream) {
    check_range(slots, from);
    check_range(slots, to);
    slots.device() == Device::Cpu ? blend_mean_cpu(slots, from, to, share)
                                  : blend_mean_cuda(slots, from, to, share, stream);
}

void mean_slots(const Tensor& slots, Range range, Tensor& means, GpuStream stream) {
    check_range(slots, range);
    check(range.count() > 0 && means.shape() == Shape{slots.extent(0), slots.extent(2)},
          "the mean of {} slots of {} into {}", range.count(), slots.shape().str(),
          means.shape().str());
    slots.device() == Device::Cpu ? mean_slots_cpu(slots, range, means)
                                  : mean_slots_cuda(slots, range, means, stream);
}

void place_slots(Tensor& positions, Range slots, int64_t per_position, float first,
                 GpuStream stream) {
    check_range(positions, slots);
    positions.device() == Device::Cpu
        ? place_slots_cpu(positions, slots, per_position, first)
        : place_slots_cuda(positions, slots, per_position, first, stream);
}

void shift_positions(Tensor& positions, float by, GpuStream stream) {
    positions.device() == Device::Cpu ? shift_positions_cpu(positions, by)
                                      : shift_positions_cuda(positions, by, stream);
}

void write_slots(const Tensor& keys, const Tensor& values, int64_t first, const Tensor& positions,
                 Tensor& turned_to, Tensor& kept, GpuStream stream) {
    check_range(kept, {first, first + keys.extent(0)});
    check(values.shape() == keys.shape() && kept.extent(0) >= 2 * keys.extent(1) &&
              kept.extent(2) == keys.extent(2) && positions.extent(1) == kept.extent(1),
          "write_slots: {} and {} into {}", keys.shape().str(), values.shape().str(),
          kept.shape().str());
    kept.device() == Device::Cpu
        ? write_slots_cpu(keys, values, first, positions, turned_to, kept)
        : write_slots_cuda(keys, values, first, positions, turned_to, kept, stream);
}

void turn_slots(const Tensor& keys, Range slots, const Tensor& positions, Tensor& turned_to,
                Tensor& turned, GpuStream stream, Start start) {
    check_range(keys, slots);
    check(keys.shape() == turned.shape() && positions.extent(1) == keys.extent(1),
          "turn_slots: {} into {}", keys.shape().str(), turned.shape().str());
    keys.device() == Device::Cpu
        ? turn_slots_cpu(keys, slots, positions, turned_to, turned)
        : turn_slots_cuda(keys, slots, positions, turned_to, turned, stream, start);
}

}  // namespace longtake::generator
