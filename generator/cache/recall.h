#pragma once

#include "core/tensor.h"
#include "generator/cache/block_store.h"
#include "generator/cache/copy_queue.h"
#include "generator/cache/kv_store.h"
#include "generator/cache/plan.h"
#include "generator/control/plane_camera.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace longtake::generator {

// What a policy wants of the past that does not fit its cache.
struct RecallSettings {
    int64_t blocks = 0;        // in the cache at a time
    int64_t block_frames = 0;  // slots of a block, in frames
    int64_t block_span = 0;    // frames of the take that are in it; more: see Downsampling
    int64_t least_stored = 0;  // blocks there must be room for outside the cache
    bool in_place = false;     // a block stands where it was in time; else before the newest frames
    bool alike = false;        // every layer gets the same blocks; else those it asks for
    bool own_prompt = false;   // first those made under the prompt in force, then the newest
    bool by_viewpoint = false;  // where the camera has moved, it decides, and not the queries
    int64_t viewpoints = 0;     // newest frames whose cameras must be known when a block is stored
    BlockBudget budget = {};
};

// Brings blocks of frames that have left the cache back into it. Blocks are stored as soon as their
// frames are clean, with the mean key of every head. At a border those come that the queries of the
// chunk before, summed, score highest, against their mean keys: what was just shown says what is
// looked for, better than the noise of a first pass could, and it is known before the chunk begins,
// so that copies run ahead of the layers that need them and nobody waits for a layer's choice. A
// block that stays wanted stays in its slots.
class Recall {
  public:
    Recall(const RecallSettings& settings, const CacheGeometry& geometry);
    void reset();
    void copy_from(const Recall& other);

    // Where a chunk meets the past: its plan and frames, and queries [layers, heads, head_dim]
    // fp32, summed over tokens of the chunk before.
    struct Border {
        const Plan& plan;
        int64_t first_frame = 0, frames = 0;  // of the chunk
        int64_t origin = 0;                   // frame at position zero
        const Tensor& queries;
        PlaneCamera viewpoint = {};  // of the chunk
        size_t prompt = 0;           // likewise
    };
    void begin(const Border& border, const KvStore& store);
    // For each layer: before any slot moves ...
    void save(int layer, const KvStore& store);
    // ... and after all have. `moved`: also some of those that blocks come to, so that copies wait
    // for the moves, which they otherwise overtake.
    void load(int layer, KvStore& store, bool moved);

    // The block in the cache at one of the places for blocks, once a plan recalls.
    int64_t block_at(int layer, int64_t place) const {
        return places_[static_cast<size_t>(layer * settings_.blocks + place)].block;
    }
    int64_t first_frame_of(int64_t block) const {
        return first_frame_ + block * settings_.block_span;
    }
    const BlockStore& stored() const { return stored_; }
    const RecallSettings& settings() const { return settings_; }

  private:
    void store_block(const Border& border, const KvStore& store);
    int64_t place_of(const Border& border, int64_t block, int64_t age) const;
    void score(const Border& border, std::span<const BlockStore::Block> candidates);
    void score_by_queries(const Border& border, std::span<const BlockStore::Block> candidates);
    bool score_by_viewpoint(const Border& border, std::span<const BlockStore::Block> candidates);
    void take_best(int layer, const Border& border, std::span<const BlockStore::Block> candidates);
    Tensor fetched(int64_t block, int64_t place, int layer);

    RecallSettings settings_;
    CacheGeometry geometry_;
    BlockStore stored_;
    int64_t next_block_ = 0;  // that will be stored
    int64_t now_ = 0;         // borders so far

    // The border: what there is to do for every layer.
    std::optional<RecalledBlocks> recalled_;
    std::optional<StoredBlock> saving_;
    int64_t origin_ = 0, first_frame_ = 0;  // the latter of block 0
    struct Place {
        int64_t block = -1;
        int64_t frame = 0;   // where it stands
        bool fresh = false;  // it comes with this chunk
    };
    std::vector<Place> places_;  // [layers, blocks]

    Tensor means_;             // [layers * heads, head_dim] fp32, of the device
    Tensor mean_keys_;         // [capacity, layers * heads, head_dim] fp32: by a block's row
    Tensor queries_, turned_;  // [1, layers * heads, head_dim] fp32
    Tensor scores_;            // [layers, capacity] fp32
    Tensor staging_;           // [2 * blocks, groups, slots, head_dim]: read from the file
    Tensor pattern_;           // [1, slots, 1] fp32: frames from a block's first, of the device
    std::vector<int32_t> order_;
    size_t prompt_before_ = 0;                   // of the chunk before
    std::vector<size_t> block_prompts_;          // [capacity]
    std::vector<PlaneCamera> viewpoints_;        // of the newest frames, by frame modulo size
    std::vector<PlaneCamera> block_viewpoints_;  // [capacity, block_span]
    CopyQueue copies_;  // the last to come, the first to go: it waits for its copies
};

}  // namespace longtake::generator
