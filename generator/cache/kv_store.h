#pragma once

#include "core/start.h"
#include "core/tensor.h"
#include "diffusion/models/attention_memory.h"
#include "diffusion/ops/attention.h"
#include "generator/cache/plan.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace longtake::generator {

struct CacheGeometry {
    int layers = 0;
    int64_t heads = 0;
    int64_t head_dim = 0;
    int64_t tokens_per_frame = 0;
    int64_t columns = 0;  // tokens in a row of a frame, where a policy wants to know
    DType dtype = DType::F32;
    bool fp8 = false;     // attention reads copies in fp8; on the GPU only
    bool retimes = true;  // keys may move in time: they are also kept as they came
    Device device = Device::Cpu;
    GpuStream stream = nullptr;  // what all work on the GPU goes to; outlives the cache's use
};

// Keys and values of every layer in fixed buffers, one slot per token. Keys are kept as they came
// (rotated in space, not in time), so that moving a slot in time is exact however often it
// happens; what attention reads is derived from them, and only for slots that changed. Where keys
// never move in time, they are kept as attention reads them and no other way. Where a slot stands
// in time and how often it was selected lies beside it, on the same device: nobody waits for the
// GPU to learn it.
class KvStore {
  public:
    KvStore(const CacheGeometry& geometry, int64_t capacity);
    KvStore(KvStore&&) = default;
    KvStore(const KvStore&) = delete;
    // Takes over these slots of every layer of an equally shaped store, and all positions.
    void copy_from(const KvStore& other, Range slots);

    // The first `head` slots stay; the slots `chosen` [n] (int32, ascending, past the head), then
    // those of `tail` move up to them.
    void keep(int layer, int64_t head, const Tensor& chosen, Range tail);
    // keys, values [L, heads, head_dim] into slots [first, first + L), as never selected; with
    // what attention reads of them.
    void write(int layer, int64_t first, const Tensor& keys, const Tensor& values);
    // For what is written a second time: where it may be put at once, on the GPU in bf16 or fp8.
    // What only moves of slots look at is left out unless these rows are to `stay`.
    std::optional<diffusion::KvTarget> target(int layer, int64_t first, bool stay) const;
    // Moves the slots [to, to + from.count()) by `share` of the way towards those of `from`.
    void blend(int layer, Range from, int64_t to, double share);
    // Moves each of the slots `to` by `share` of the way towards the mean of those of `from`.
    void blend_mean(int layer, Range from, Range to, double share);
    // Keys, rotated in space only, and values: [2 heads, capacity, head_dim]. Who writes there, not
    // by this class, says so.
    Tensor kept(int layer) const;
    void replaced(int layer, Range slots) { forget_rotation(layer, slots); }
    // Copies keys and values, not positions.
    void copy(int layer, Range from, int64_t to);
    // Frame after frame of `slots` stands at the next whole number in time, from `first` on.
    void place(int layer, Range slots, double first);
    // Slots from `slot` on stand as far behind `first` as `pattern` [1, n, 1] fp32 says.
    void place_like(int layer, int64_t slot, const Tensor& pattern, double first);
    // Moves all slots of all layers in time.
    void shift(double by);
    // Rotates the keys of those of `slots` whose content or position is new; in fp8, `slots` has
    // all that are known, or what follows it is written to before anybody looks. Early: the step
    // queued last touches none of these slots, nor where they stand.
    void refresh(int layer, Range slots, Start start = Start::After);
    // Rotated keys and values of [0, slots), as attention reads them.
    diffusion::KvView view(int layer, int64_t slots) const;

    // Per slot, [1, capacity, 1]: the time position, fp32 (whole frames are exact) ...
    Tensor positions(int layer) const { return positions_.slice(layer, layer + 1); }
    // ... and how often it has been selected, uint8.
    Tensor reuse(int layer) const { return reuse_.slice(layer, layer + 1); }
    int64_t capacity() const { return capacity_; }
    size_t bytes() const;

  private:
    // [heads, capacity, head_dim] each, behind one another: keys, values and rotated keys; in fp8
    // without the last; where keys stay in time, rotated keys and values.
    int parts() const { return geometry_.fp8 || !geometry_.retimes ? 2 : 3; }
    bool derives() const { return geometry_.fp8 || geometry_.retimes; }
    Tensor part(int layer, int first, int count = 1) const;
    static constexpr int kKeys = 0, kValues = 1, kRotated = 2;
    void quantize(int layer, diffusion::Fp8Change change, int64_t slots);
    diffusion::Fp8Slots fp8(int layer) const;
    void forget_rotation(int layer, Range slots);

    static constexpr float kStale = std::numeric_limits<float>::quiet_NaN();

    CacheGeometry geometry_;
    int64_t capacity_;
    std::vector<Tensor> slots_;  // per layer [parts * heads, capacity, head_dim]
    std::vector<Tensor> fp8_;    // per layer [keys and values, heads, capacity and a few, head_dim]
    Tensor positions_;           // [layers, capacity, 1] fp32
    Tensor rotated_at_;          // likewise: the position a key was rotated to
    Tensor reuse_;               // [layers, capacity, 1] uint8
};

}  // namespace longtake::generator
