#pragma once

#include "generator/cache/options.h"
#include "generator/cache/participation.h"
#include "generator/cache/plan.h"
#include "generator/cache/recall.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace longtake::generator {

struct HeadMasses;

// Decides at every chunk border what the cache keeps. A policy has no state: its plan follows
// from the border alone.
class CachePolicy {
  public:
    explicit CachePolicy(int64_t window) : window_(window) {}
    virtual ~CachePolicy() = default;
    CachePolicy(const CachePolicy&) = delete;
    CachePolicy& operator=(const CachePolicy&) = delete;

    virtual Plan plan(const Border& border) const = 0;
    // How tokens are selected when a plan fires.
    virtual Participation participation() const { return {}; }
    // Frames after which the policy has no answer any more.
    virtual std::optional<int64_t> frame_limit() const { return std::nullopt; }
    // Frames of the archive: how many of the first ones a plan may bring back.
    virtual int64_t archive_frames() const { return 0; }
    // Of the newest cached frames, how many get new keys and values under the prompt in force
    // before the chunk; at most `history`.
    virtual int64_t recached(const Border&) const { return 0; }
    virtual int64_t history() const { return 0; }
    // Whether nothing but those is in the cache then: no clean pass follows a chunk.
    virtual bool rebuilds() const { return false; }
    // Whether the oldest of them is encoded anew, as a picture.
    virtual bool encodes() const { return false; }
    // Whether what is cached may change its place in time, or blend; else it stays as it came.
    virtual bool retimes() const { return true; }
    // Whether the cache goes on over a hard cut; others start afresh there.
    virtual bool survives_cuts() const { return false; }
    // Whether heads see different parts of the cache: then `groups` adds, for a layer of the chunk
    // at a border, which heads attend to which slots, in frames.
    virtual bool by_head() const { return false; }
    virtual void groups(int, const Border&, std::vector<diffusion::HeadGroup>&) const {}
    // What is brought back of what has left the cache; nothing: none.
    virtual std::optional<RecallSettings> recall() const { return std::nullopt; }
    // Whether frames are downsampled when they leave.
    virtual bool downsamples() const { return false; }
    // Slots of the cache, in frames, the current chunk included.
    int64_t window() const { return window_; }

  private:
    int64_t window_;
};

// What the model was trained with.
struct CacheDefaults {
    int64_t window_frames = 21;
    int64_t chunk_frames = 3;
    int64_t layers = 0, heads = 0, tokens_per_frame = 0;
    std::filesystem::path head_masses = {};  // what `longtake calibrate` stored with the model
};

// From "NAME" or "NAME:key=value,..."; an InputError lists what there is.
std::unique_ptr<const CachePolicy> make_cache_policy(std::string_view text,
                                                     const CacheDefaults& defaults);
std::vector<std::string> cache_policy_names();

// One per file of the same name.
std::unique_ptr<const CachePolicy> make_full(CacheOptions&, const CacheDefaults&);
std::unique_ptr<const CachePolicy> make_window(CacheOptions&, const CacheDefaults&);
std::unique_ptr<const CachePolicy> make_sink(CacheOptions&, const CacheDefaults&);
std::unique_ptr<const CachePolicy> make_deep_sink(CacheOptions&, const CacheDefaults&);
std::unique_ptr<const CachePolicy> make_deep_forcing(CacheOptions&, const CacheDefaults&);
std::unique_ptr<const CachePolicy> make_infinity_rope(CacheOptions&, const CacheDefaults&);
std::unique_ptr<const CachePolicy> make_ema_sink(CacheOptions&, const CacheDefaults&);
std::unique_ptr<const CachePolicy> make_memrope(CacheOptions&, const CacheDefaults&);
std::unique_ptr<const CachePolicy> make_rolling_sink(CacheOptions&, const CacheDefaults&);
std::unique_ptr<const CachePolicy> make_recache(CacheOptions&, const CacheDefaults&);
std::unique_ptr<const CachePolicy> make_rebuild(CacheOptions&, const CacheDefaults&);
std::unique_ptr<const CachePolicy> make_streaming_vlm(CacheOptions&, const CacheDefaults&);
std::unique_ptr<const CachePolicy> make_entropy(CacheOptions&, const CacheDefaults&);
std::unique_ptr<const CachePolicy> make_surprise(CacheOptions&, const CacheDefaults&);
std::unique_ptr<const CachePolicy> make_forcing_kv(CacheOptions&, const CacheDefaults&);
std::unique_ptr<const CachePolicy> make_dummy_forcing(CacheOptions&, const CacheDefaults&);
std::unique_ptr<const CachePolicy> make_retrieval(CacheOptions&, const CacheDefaults&);
std::unique_ptr<const CachePolicy> make_relic(CacheOptions&, const CacheDefaults&);

// The option every policy has: the slots of its cache, in frames; the model's own window, or less
// where `most` says so.
int64_t window_option(CacheOptions& options, const CacheDefaults& defaults,
                      std::optional<int64_t> most = {});

// The option of policies by head: the file of the model's masses, or another one.
HeadMasses head_masses_option(CacheOptions& options, const CacheDefaults& defaults);

// The options of policies that bring blocks back: `host` and `disk`, MiB, and `dir`.
BlockBudget block_budget_option(CacheOptions& options);

}  // namespace longtake::generator
