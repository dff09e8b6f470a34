#pragma once

#include "diffusion/models/attention_memory.h"
#include "generator/cache/downsampling.h"
#include "generator/cache/kv_store.h"
#include "generator/cache/participation.h"
#include "generator/cache/policy.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace longtake::generator {

// The rolling memory of a take. At every chunk border it makes its policy's plan; the first pass
// of the chunk carries it out layer by layer; every pass then writes the chunk's keys and values
// into the same slots, so that the last, clean one stays.
//
// Time positions count from an origin that moves along, so that they stay small for ever: only
// differences between positions matter.
class CacheMemory : public diffusion::AttentionMemory {
  public:
    enum class Pass : uint8_t { Noisy, Clean };

    CacheMemory(std::shared_ptr<const CachePolicy> policy, const CacheGeometry& geometry);

    // A fresh start: nothing remembered, frame numbers from zero.
    void reset();
    // What `other`, of the same policy and geometry, remembers; allocates nothing. Its own work
    // must be done, and it must live until this one's is.
    void copy_from(const CacheMemory& other);
    // To be copied from: it has no stream of its own to work on.
    CacheMemory clone() const;

    // Where the camera is from the next chunk on.
    void look_from(const PlaneCamera& viewpoint) { viewpoint_ = viewpoint; }
    // What is asked for from then on: a number, the same whenever the prompt is.
    void show(size_t prompt) { prompt_ = prompt; }
    // Before the passes of a chunk; throws InputError when the policy can hold no more frames.
    const Plan& begin_chunk(int64_t frames, Turn turn = Turn::None);
    // How many of the newest frames the policy wants anew before such a chunk, ...
    int64_t recached_before(int64_t frames, Turn turn) const;
    // ... and what comes before the clean pass over them that makes their keys and values.
    void begin_recache(int64_t frames);
    void begin_pass(Pass pass) { pass_ = pass; }
    // Whether the policy asks how wrong the first guess of a chunk was; it is told after the noisy
    // passes. guess, clean [F, C, h, w] fp32; a token is `height` x `width` of them.
    bool wants_surprise() const { return participation_.score == Score::Surprise; }
    void surprise(const Tensor& guess, const Tensor& clean, int64_t height, int64_t width);

    std::span<const double> query_positions() const override { return query_positions_; }
    diffusion::KvView update(int layer, const Tensor& queries, const Tensor& keys,
                             const Tensor& values) override;
    std::optional<diffusion::KvTarget> target(int layer) override;
    std::optional<diffusion::PassKind> pass_kind() const override;

    const CachePolicy& policy() const { return *policy_; }
    const Plan& plan() const { return plan_; }
    int64_t frames() const { return plan_.len_after; }  // cached
    int64_t tokens_per_frame() const { return geometry_.tokens_per_frame; }
    // What a layer remembers about slot after slot, in frame numbers since the fresh start. On the
    // GPU this waits, for all that was queued.
    std::vector<double> frame_numbers(int layer) const;
    const KvStore& store() const { return store_; }
    const Recall* recall() const { return recall_.get(); }  // null: nothing is brought back
    size_t bytes() const { return store_.bytes(); }

  private:
    int64_t tokens(int64_t frames) const { return frames * geometry_.tokens_per_frame; }
    Range tokens(Range frames) const { return {tokens(frames.begin), tokens(frames.end)}; }
    void move_origin(int64_t frame);
    void expect(int64_t first_frame, int64_t frames);
    void carry_out(int layer, const Tensor& queries);
    void list_downsampled();
    void downsample(int layer);
    void keep(int layer, int64_t top);
    void fold(int layer, const Fold& fold);
    void replay(int layer, const Replay& replay);
    void select(int layer, const Tensor& queries);
    void select_surprising(int layer);
    void select_changing(int layer);
    void group_heads(const Border& border);
    void draw_scores(int layer, int64_t count);
    void place(int layer, int64_t first_slot, int64_t frames, int64_t first_frame);
    void zero(Tensor& t) { clear_bytes(t.raw(), t.device(), t.bytes(), geometry_.stream); }

    std::shared_ptr<const CachePolicy> policy_;
    Participation participation_;
    CacheGeometry geometry_;
    KvStore store_;
    std::unique_ptr<Recall> recall_;
    std::optional<Downsampling> downsampling_;
    Tensor listed_;  // [slots] int32, on its way into `order_`
    PlaneCamera viewpoint_;
    size_t prompt_ = 0;
    Plan plan_;
    Pass pass_ = Pass::Noisy;
    int64_t first_frame_ = 0;  // of the chunk
    int64_t next_frame_ = 0;   // of the chunk after it
    int64_t origin_ = 0;       // the frame at position zero
    std::vector<double> query_positions_;
    std::vector<std::vector<diffusion::HeadGroup>> groups_;  // by layer; of policies by head
    std::vector<uint8_t> carried_out_;                       // per layer: this chunk's plan is done
    // Before a chunk, and during it: slots may stand elsewhere than where their keys were turned.
    bool shifted_ = false, turn_first_ = false;
    Tensor clean_sums_;  // [layers, heads, head_dim] fp32 of the chunk before
    Tensor surprise_;    // [1, capacity, 1] fp32, of every layer; or empty
    // Room for one layer's selection.
    Tensor vote_;    // [heads, head_dim] fp32
    Tensor scores_;  // [capacity] fp32
    Tensor drawn_;   // the same, of the CPU
    Tensor order_;   // [capacity] int32
};

}  // namespace longtake::generator
