#include "generator/cache/kv_store.h"

#include "core/error.h"
#include "diffusion/ops/rope.h"
#include "generator/cache/slots.h"

#include <array>
#include <span>

namespace longtake::generator {

KvStore::KvStore(const CacheGeometry& geometry, int64_t capacity)
    : geometry_(geometry),
      capacity_(capacity),
      positions_({geometry.layers, capacity, 1}, DType::F32, geometry.device),
      rotated_at_(positions_.shape(), DType::F32, geometry.device),
      reuse_(positions_.shape(), DType::U8, geometry.device) {
    check(geometry.dtype == DType::F32 || geometry.dtype == DType::BF16, "a cache in {}",
          name_of(geometry.dtype));
    for (int layer = 0; layer < geometry.layers; ++layer) {
        slots_.emplace_back(Shape{parts() * geometry.heads, capacity, geometry.head_dim},
                            geometry.dtype, geometry.device);
        forget_rotation(layer, {0, capacity});
        if (geometry.fp8) {
            constexpr int64_t kGroup = 32;  // see Fp8Slots
            const int64_t stride = (capacity + kGroup - 1) / kGroup * kGroup;
            fp8_.emplace_back(Shape{2, geometry.heads, stride, geometry.head_dim}, DType::F8E4M3,
                              geometry.device);
        }
    }
    clear_bytes(positions_.raw(), geometry.device, positions_.bytes(), geometry.stream);
    clear_bytes(reuse_.raw(), geometry.device, reuse_.bytes(), geometry.stream);
}

Tensor KvStore::part(int layer, int first, int count) const {
    const int64_t heads = geometry_.heads;
    return slots_[static_cast<size_t>(layer)].slice(first * heads, (first + count) * heads);
}

void KvStore::copy_from(const KvStore& other, Range slots) {
    check(slots_.size() == other.slots_.size(), "a cache of another shape");
    for (size_t layer = 0; layer < slots_.size(); ++layer) {
        copy_slots(other.slots_[layer], slots, slots_[layer], slots.begin, geometry_.stream);
    }
    const auto take_over = [this](const Tensor& from, Tensor& to) {
        copy_bytes(to.raw(), to.device(), from.raw(), from.device(), to.bytes(), geometry_.stream);
    };
    take_over(other.positions_, positions_);
    take_over(other.reuse_, reuse_);
    if (geometry_.fp8) {
        for (int layer = 0; layer < geometry_.layers; ++layer) {
            forget_rotation(layer, {0, capacity_});
        }
    } else {
        take_over(other.rotated_at_, rotated_at_);
    }
}

void KvStore::keep(int layer, int64_t head, const Tensor& chosen, Range tail) {
    const bool stays = tail.begin == head || tail.count() == 0;
    if (chosen.count() == 0 && stays) {
        return;
    }
    std::array<Tensor, kMostMoved> all{slots_[static_cast<size_t>(layer)], positions(layer),
                                       reuse(layer), rotated_at_.slice(layer, layer + 1)};
    // Copies in fp8 stay where they are.
    move_slots(std::span(all).first(geometry_.fp8 ? 3 : 4), head, chosen, tail, geometry_.stream);
    if (geometry_.fp8) {
        forget_rotation(layer, {head, head + chosen.count() + tail.count()});
    }
}

void KvStore::write(int layer, int64_t first, const Tensor& keys, const Tensor& values) {
    const int64_t rows = keys.extent(0);
    check(keys.dtype() == geometry_.dtype && keys.extent(1) == geometry_.heads &&
              keys.extent(2) == geometry_.head_dim && values.shape() == keys.shape() &&
              values.dtype() == keys.dtype() && first + rows <= capacity_,
          "keys {} do not fit the cache", keys.shape().str());
    Tensor rotated_at = rotated_at_.slice(layer, layer + 1);
    if (geometry_.fp8) {
        quantize(layer,
                 {.kept = {},
                  .begin = first,
                  .fresh_keys = keys.raw(),
                  .fresh_values = values.raw(),
                  .fresh = rows},
                 first + rows);
    } else {
        write_slots(keys, values, first, positions(layer), rotated_at,
                    slots_[static_cast<size_t>(layer)], geometry_.stream);
    }
    clear_bytes(reuse(layer).data<uint8_t>() + first, geometry_.device, static_cast<size_t>(rows),
                geometry_.stream);
}

std::optional<diffusion::KvTarget> KvStore::target(int layer, int64_t first, bool stay) const {
    if (geometry_.device == Device::Cpu || geometry_.dtype != DType::BF16) {
        return std::nullopt;
    }
    const diffusion::KvView read = view(layer, capacity_);
    diffusion::KvTarget to{.keys = const_cast<void*>(read.keys),
                           .values = const_cast<void*>(read.values),
                           .first = first,
                           .stride = read.stride,
                           .dtype = read.dtype,
                           .positions = positions(layer).data<float>(),
                           .kept_stride = capacity_};
    if (stay && derives()) {
        to.kept_keys = part(layer, kKeys).raw();
        to.kept_values = geometry_.fp8 ? part(layer, kValues).raw() : nullptr;
    }
    return to;
}

void KvStore::blend(int layer, Range from, int64_t to, double share) {
    check(derives(), "a cache that keeps keys where they are cannot blend them");
    Tensor both = part(layer, kKeys, 2);
    blend_slots(both, from, to, static_cast<float>(share), geometry_.stream);
    forget_rotation(layer, {to, to + from.count()});
}

void KvStore::blend_mean(int layer, Range from, Range to, double share) {
    check(derives(), "a cache that keeps keys where they are cannot blend them");
    Tensor both = part(layer, kKeys, 2);
    generator::blend_mean(both, from, to, static_cast<float>(share), geometry_.stream);
    forget_rotation(layer, to);
}

Tensor KvStore::kept(int layer) const {
    check(derives(), "a cache that keeps keys where they are has none that are not rotated");
    return part(layer, kKeys, 2);
}

void KvStore::copy(int layer, Range from, int64_t to) {
    Tensor both = part(layer, kKeys, 2);
    copy_slots(both, from, both, to, geometry_.stream);
    forget_rotation(layer, {to, to + from.count()});
}

void KvStore::forget_rotation(int layer, Range slots) {
    Tensor rotated_at = rotated_at_.slice(layer, layer + 1);
    place_slots(rotated_at, slots, slots.count(), kStale, geometry_.stream);
}

void KvStore::place(int layer, Range slots, double first) {
    Tensor positions = this->positions(layer);
    place_slots(positions, slots, geometry_.tokens_per_frame, static_cast<float>(first),
                geometry_.stream);
}

void KvStore::place_like(int layer, int64_t slot, const Tensor& pattern, double first) {
    Tensor positions = this->positions(layer);
    const int64_t count = pattern.count();
    copy_slots(pattern, {0, count}, positions, slot, geometry_.stream);
    Tensor placed = positions.reshape({capacity_}).slice(slot, slot + count);
    shift_positions(placed, static_cast<float>(first), geometry_.stream);
}

void KvStore::shift(double by) {
    shift_positions(positions_, static_cast<float>(by), geometry_.stream);
    for (int layer = 0; layer < geometry_.layers && !derives(); ++layer) {
        Tensor keys = part(layer, kKeys);
        diffusion::rope_time(keys, std::array{by}, keys, diffusion::kRopeTheta, geometry_.stream);
    }
}

void KvStore::refresh(int layer, Range slots, Start start) {
    Tensor rotated_at = rotated_at_.slice(layer, layer + 1);
    if (geometry_.fp8) {
        return quantize(layer,
                        {.kept = {},
                         .begin = slots.begin,
                         .turned_to = rotated_at.data<float>(),
                         .start = start},
                        slots.end);
    }
    if (!derives()) {
        return;
    }
    Tensor rotated = part(layer, kRotated);
    turn_slots(part(layer, kKeys), slots, positions(layer), rotated_at, rotated, geometry_.stream,
               start);
}

// The change is given without what is kept and where that stands.
void KvStore::quantize(int layer, diffusion::Fp8Change change, int64_t slots) {
    const Tensor positions = this->positions(layer);
    change.kept = {part(layer, kKeys).raw(), part(layer, kValues).raw(), slots, capacity_,
                   geometry_.dtype};
    change.positions = positions.data<float>();
    diffusion::attention_quantize_cuda(change, geometry_.heads, fp8(layer), geometry_.stream);
    copy_bytes(rotated_at_.slice(layer, layer + 1).data<float>() + change.begin, geometry_.device,
               positions.data<float>() + change.begin, geometry_.device,
               static_cast<size_t>(slots - change.begin) * sizeof(float), geometry_.stream);
}

diffusion::Fp8Slots KvStore::fp8(int layer) const {
    const Tensor& copies = fp8_[static_cast<size_t>(layer)];
    Tensor keys = copies.slice(0, 1), values = copies.slice(1, 2);
    return {.keys = keys.raw(), .values = values.raw(), .stride = copies.extent(2)};
}

diffusion::KvView KvStore::view(int layer, int64_t slots) const {
    if (geometry_.fp8) {
        const diffusion::Fp8Slots copies = fp8(layer);
        return {copies.keys, copies.values, slots, copies.stride, DType::F8E4M3};
    }
    return {.keys = part(layer, derives() ? kRotated : kKeys).raw(),
            .values = part(layer, kValues).raw(),
            .slots = slots,
            .stride = capacity_,
            .dtype = geometry_.dtype};
}

size_t KvStore::bytes() const {
    const auto all = [](const std::vector<Tensor>& layers) {
        return layers.empty() ? 0 : layers.size() * layers.front().bytes();
    };
    return all(slots_) + all(fp8_);
}

}  // namespace longtake::generator
