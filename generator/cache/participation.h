#pragma once

#include "core/start.h"
#include "core/tensor.h"
#include "diffusion/models/attention_memory.h"
#include "generator/cache/plan.h"

#include <cstdint>

namespace longtake::generator {

// Whose queries vote: those of the chunk's first pass, those of the previous chunk's clean pass.
enum class Queries : uint8_t { Both, Noisy, Clean };

// What selects tokens.
enum class Score : uint8_t {
    Votes,     // how much the newest queries look at them: Participative Compression
    Random,    // a control: scores that know nothing
    Surprise,  // how wrong the model's first guess of them was: see guess_error.h
    Change,    // how much their patch changes: see frame_change.h; of one layer, for all
};

struct Participation {
    Score score = Score::Votes;
    Queries queries = Queries::Both;
    int64_t clean_frames = 0;         // newest frames of the previous chunk whose queries vote
    int reuse_limit = 0;              // selections after which a token makes room; 0: none
    bool whole_frames = false;        // of Surprise: tokens of a frame stand and fall together
    double decay = 1;                 // of Surprise: what a chunk leaves of it
    int64_t patches = 1;              // of Change: of a frame
    diffusion::HeadList voters = {};  // of Change: heads of layer 1, or of the only one
};

// What it takes, on either device. On the GPU all of it is queued on `stream`, the choice included:
// it never leaves the device.

// An early step, scores or choice, waits for the one before it, and for nothing else that it reads.

// sums [heads, head_dim] fp32 = rows of queries [L, heads, head_dim], added up, and `plus`, of the
// sums' size or empty.
void sum_queries(const Tensor& queries, Range rows, const Tensor& plus, Tensor& sums,
                 GpuStream stream = nullptr);

// scores[i] = <query sum, key of slot i> / (sqrt(head_dim) * heads), heads summed: one ranking
// for all heads of a layer. `slots` are rows of `keys`; sums [heads, head_dim], scores fp32.
void score_slots(const diffusion::KvView& keys, Range slots, const Tensor& sums, Tensor& scores,
                 GpuStream stream = nullptr, Start start = Start::After);

// The first `count` of `order` (int32, room for all candidates) become the candidates with the best
// scores, ascending, and each of these counts as used once more. Those whose `reuse` has reached
// `limit` come last, whatever their score; equal scores go to the lower slot.
//   scores: of the candidates; reuse [1, slots, 1] uint8
void select_top(const Tensor& scores, Range candidates, int limit, int64_t count, Tensor& reuse,
                Tensor& order, GpuStream stream = nullptr, Start start = Start::After);

// `plus` may be null.
void sum_queries_cpu(const Tensor& queries, Range rows, const float* plus, Tensor& sums);
void score_slots_cpu(const diffusion::KvView& keys, Range slots, const Tensor& sums,
                     Tensor& scores);
void select_top_cpu(const Tensor& scores, Range candidates, int limit, int64_t count, Tensor& reuse,
                    Tensor& order);
void sum_queries_cuda(const Tensor& queries, Range rows, const float* plus, Tensor& sums,
                      GpuStream stream);
void score_slots_cuda(const diffusion::KvView& keys, Range slots, const Tensor& sums,
                      Tensor& scores, GpuStream stream, Start start);
void select_top_cuda(const Tensor& scores, Range candidates, int limit, int64_t count,
                     Tensor& reuse, Tensor& order, GpuStream stream, Start start);

}  // namespace longtake::generator
