#pragma once

#include "core/tensor.h"
#include "diffusion/models/attention_memory.h"
#include "generator/cache/plan.h"

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace longtake::generator {

struct CacheGeometry {
    int layers = 0;
    int64_t heads = 0;
    int64_t head_dim = 0;
    int64_t tokens_per_frame = 0;
    DType dtype = DType::F32;
};

// Keys and values of every layer in fixed buffers, one slot per token. Keys are kept as they came
// (rotated in space, not in time), so that moving a slot in time is exact however often it
// happens; what attention reads is derived from them, and only for slots that changed.
class KvStore {
    // One layer's part of what is kept per slot.
    template <typename Vector> auto of(Vector& all, int layer) const {
        const auto slots = static_cast<size_t>(capacity_);
        return std::span(all).subspan(static_cast<size_t>(layer) * slots, slots);
    }

  public:
    KvStore(const CacheGeometry& geometry, int64_t capacity);
    KvStore(KvStore&&) = default;
    KvStore(const KvStore&) = delete;
    // Takes over these slots of every layer of an equally shaped store.
    void copy_from(const KvStore& other, Range slots);

    // Moves the slots of `runs` (ascending, disjoint) to the front, in order.
    void keep(int layer, std::span<const Range> runs);
    // keys, values [L, heads, head_dim] into slots [first, first + L).
    void write(int layer, int64_t first, const Tensor& keys, const Tensor& values);
    // Moves the slots [to, to + from.count()) by `share` of the way towards those of `from`.
    void blend(int layer, Range from, int64_t to, double share);
    // Moves each of the slots `to` by `share` of the way towards the mean of those of `from`.
    void blend_mean(int layer, Range from, Range to, double share);
    // Copies keys and values, not positions.
    void copy(int layer, Range from, int64_t to);
    // Rotates the keys of [0, slots) whose content or position is new.
    void refresh(int layer, int64_t slots);
    diffusion::KvView view(int layer, int64_t slots) const;

    // Time position of every slot; write to it to move slots in time.
    std::span<double> positions(int layer) { return of(positions_, layer); }
    std::span<const double> positions(int layer) const { return of(positions_, layer); }
    // How often every slot has been selected.
    std::span<uint8_t> reuse(int layer) { return of(reuse_, layer); }
    std::span<const uint8_t> reuse(int layer) const { return of(reuse_, layer); }
    int64_t capacity() const { return capacity_; }
    size_t bytes() const;

  private:
    void forget_rotation(int layer, Range slots);

    static constexpr double kStale = std::numeric_limits<double>::quiet_NaN();

    CacheGeometry geometry_;
    int64_t capacity_;
    std::vector<Tensor> keys_, values_, rotated_;  // per layer [heads, capacity, head_dim]
    std::vector<double> positions_;                // [layers, capacity]
    std::vector<double> rotated_at_;               // the position `rotated_` was derived for
    std::vector<uint8_t> reuse_;
    // Room for one layer's refresh: the slots to derive anew and their angles.
    std::vector<int32_t> changed_;
    std::vector<float> cosines_, sines_;  // [capacity, time pairs]
};

}  // namespace longtake::generator
