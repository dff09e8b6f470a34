#pragma once

#include "core/host_device.h"
#include "core/tensor.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace longtake::diffusion {

// How many takes may make their passes together.
constexpr size_t kMostTakes = 16;

// Some of the heads of a layer, by number; all of them where there are none.
struct HeadList {
    static constexpr int kMost = 64;
    uint8_t numbers[kMost] = {};
    int count = 0;

    LONGTAKE_HOST_DEVICE int64_t size(int64_t heads) const { return count == 0 ? heads : count; }
    LONGTAKE_HOST_DEVICE int operator[](int i) const { return count == 0 ? i : numbers[i]; }
    void add(int head) { numbers[count++] = static_cast<uint8_t>(head); }
};

// Heads that attend to the rows [begin, end).
struct HeadGroup {
    HeadList heads;
    int64_t begin = 0, end = 0;
};

// What one layer attends to: the first `slots` rows of every head, or, where there are groups, some
// of these rows.
struct KvView {
    const void* keys = nullptr;    // [heads, stride, head_dim], rotated in space and time
    const void* values = nullptr;  // [heads, stride, head_dim]
    int64_t slots = 0;             // rows to attend, <= stride
    int64_t stride = 0;            // rows from one head to the next
    DType dtype = DType::F32;
    std::span<const HeadGroup> groups = {};  // together all heads, each once; not in fp8
};

// Where a layer's new keys and values may be put at once, as attention reads them: into the slots
// from `first` on, on the GPU.
struct KvTarget {
    void* keys = nullptr;    // see KvView; in fp8 see Fp8Slots
    void* values = nullptr;  // likewise
    int64_t first = 0;
    int64_t stride = 0;
    DType dtype = DType::BF16;
    const float* positions = nullptr;  // [stride]: where slots stand in time, frames side by side
    // [heads, kept_stride, head_dim] bf16 each, or null: keys rotated in space only, and values, as
    // the memory keeps them besides.
    void* kept_keys = nullptr;
    void* kept_values = nullptr;
    int64_t kept_stride = 0;
};

// Passes of the same kind queue the same work in `update`, so that a recording of one can stand for
// another. Whoever keeps one keeps `buffers`, too, lest other ones take their place.
struct PassKind {
    Tensor buffers;
    std::array<int64_t, 3> numbers;
};

// The memory a causal transformer attends over. The transformer knows nothing of policies: it
// hands every layer's new keys and values over and attends to what comes back.
//
// Keys arrive rotated in space but not in time (height and width of a token never change, its
// time position may), so that re-timing a token is exact.
class AttentionMemory {
  public:
    virtual ~AttentionMemory() = default;

    // Time position of each frame of the current chunk, for the rotation of its queries: [F].
    virtual std::span<const double> query_positions() const = 0;

    // Called once per layer and forward pass, layers in order.
    //   queries [L, heads, head_dim]  rotated in space and time
    //   keys    [L, heads, head_dim]  rotated in space only
    //   values  [L, heads, head_dim]
    // L = frames of the chunk x tokens per frame, frame-major. Element type: the transformer's
    // compute type. The view stays valid until the next call.
    virtual KvView update(int layer, const Tensor& queries, const Tensor& keys,
                          const Tensor& values) = 0;

    // Of the pass to come, if it is like others. A recording of it stands for the calls of
    // `update`.
    virtual std::optional<PassKind> pass_kind() const { return std::nullopt; }

    // Asked before `update`: where keys and values may go without being handed over, if anywhere.
    // When they are there, `update` gets empty tensors for them.
    virtual std::optional<KvTarget> target(int) { return std::nullopt; }
};

}  // namespace longtake::diffusion
