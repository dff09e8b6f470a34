#pragma once

#include "core/tensor.h"
#include "diffusion/models/attention_memory.h"
#include "generator/cache/plan.h"

#include <cstdint>
#include <span>
#include <vector>

namespace longtake::generator {

// Whose queries vote: those of the chunk's first pass, those of the previous chunk's clean pass.
enum class Queries : uint8_t { Both, Noisy, Clean };

// How Participative Compression selects tokens.
struct Participation {
    Queries queries = Queries::Both;
    int64_t clean_frames = 0;  // newest frames of the previous chunk whose queries vote
    int reuse_limit = 0;       // selections after which a token makes room; 0: none
    bool random = false;       // a control: scores that know nothing
};

// sums [heads, head_dim] += rows of queries [L, heads, head_dim].
void add_queries(const Tensor& queries, Range rows, std::span<float> sums);

// scores[i] = <query sum, key of slot i> / (sqrt(head_dim) * heads), heads summed: one ranking
// for all heads of a layer. `slots` are rows of `keys`.
void score_slots(const diffusion::KvView& keys, int64_t heads, int64_t head_dim, Range slots,
                 std::span<const float> query_sums, std::span<float> scores);

// Indices of the `count` best scores, ascending. Those whose `reuse` has reached `limit` come
// last, whatever their score; equal scores go to the lower index. `order` is room for all indices
// and holds the result in front.
std::span<const int32_t> select_top(std::span<const float> scores, std::span<const uint8_t> reuse,
                                    int limit, int64_t count, std::vector<int32_t>& order);

}  // namespace longtake::generator
