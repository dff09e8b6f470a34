#include "generator/cache/cache_memory.h"

#include "core/error.h"
#include "diffusion/ops/rope.h"
#include "generator/noise.h"

#include <algorithm>
#include <array>
#include <functional>

namespace longtake::generator {
namespace {

// The origin moves when positions have reached this many windows.
constexpr int64_t kReach = 4;
constexpr double kTheta = 10000.0;

// Rows of runs that touch become one run.
void push_run(std::vector<Range>& runs, Range run) {
    if (!runs.empty() && runs.back().end == run.begin) {
        runs.back().end = run.end;
    } else if (run.count() > 0) {
        runs.push_back(run);
    }
}

}  // namespace

CacheMemory::CacheMemory(std::shared_ptr<const CachePolicy> policy, const CacheGeometry& geometry)
    : policy_(std::move(policy)),
      participation_(policy_->participation()),
      geometry_(geometry),
      store_(geometry,
             (policy_->window() + policy_->archive_frames()) * geometry.tokens_per_frame) {
    const auto channels = static_cast<size_t>(geometry.heads * geometry.head_dim);
    const auto slots = static_cast<size_t>(store_.capacity());
    carried_out_.resize(static_cast<size_t>(geometry.layers));
    clean_sums_.resize(channels * static_cast<size_t>(geometry.layers));
    vote_.resize(channels);
    scores_.resize(slots);
    order_.reserve(slots);
    runs_.reserve(slots + 2);
    query_positions_.reserve(static_cast<size_t>(policy_->window()));
}

void CacheMemory::reset() {
    plan_ = {};
    first_frame_ = next_frame_ = origin_ = 0;
    query_positions_.clear();
    std::ranges::fill(clean_sums_, 0.0f);
}

void CacheMemory::copy_from(const CacheMemory& other) {
    store_.copy_from(other.store_, {0, other.tokens(other.frames())});
    store_.copy_from(other.store_, {other.tokens(policy_->window()), other.store_.capacity()});
    plan_ = other.plan_;
    pass_ = other.pass_;
    first_frame_ = other.first_frame_;
    next_frame_ = other.next_frame_;
    origin_ = other.origin_;
    query_positions_ = other.query_positions_;
    carried_out_ = other.carried_out_;
    clean_sums_ = other.clean_sums_;
}

CacheMemory CacheMemory::clone() const {
    CacheMemory copy(policy_, geometry_);
    copy.copy_from(*this);
    return copy;
}

const Plan& CacheMemory::begin_chunk(int64_t frames, Turn turn) {
    const auto limit = policy_->frame_limit();
    check_input(!limit || next_frame_ + frames <= *limit,
                "the cache is full after {} latent frames: choose a rolling policy "
                "(--cache deep-forcing) or a wider window",
                next_frame_);
    check(frames > 0 && frames <= policy_->window(), "a chunk of {} frames", frames);
    first_frame_ = next_frame_;
    next_frame_ += frames;
    if (first_frame_ - origin_ >= kReach * policy_->window()) {
        move_origin(first_frame_ - policy_->window());
    }
    plan_ = policy_->plan({first_frame_, frames, plan_.len_after, turn});
    query_positions_.resize(static_cast<size_t>(frames));
    for (int64_t f = 0; f < frames; ++f) {
        query_positions_[static_cast<size_t>(f)] = static_cast<double>(first_frame_ + f - origin_);
    }
    std::ranges::fill(carried_out_, uint8_t{0});
    return plan_;
}

diffusion::KvView CacheMemory::update(int layer, const Tensor& queries, const Tensor& keys,
                                      const Tensor& values) {
    check(layer >= 0 && layer < geometry_.layers, "layer {} of {}", layer, geometry_.layers);
    const auto frames = static_cast<int64_t>(query_positions_.size());
    check(keys.extent(0) == tokens(frames), "{} keys for a chunk of {} frames", keys.extent(0),
          frames);
    if (!carried_out_[static_cast<size_t>(layer)]) {
        carry_out(layer, queries);
        carried_out_[static_cast<size_t>(layer)] = 1;
    }
    store_.write(layer, tokens(plan_.write_slot), keys, values);
    if (pass_ == Pass::Clean && participation_.clean_frames > 0) {
        const auto sums = query_sums(clean_sums_, layer);
        const int64_t first = std::max<int64_t>(0, frames - participation_.clean_frames);
        std::ranges::fill(sums, 0.0f);
        add_queries(queries, tokens(Range{first, frames}), sums);
    }
    store_.refresh(layer, tokens(plan_.len_after));
    return store_.view(layer, tokens(plan_.len_after));
}

// The plan of this chunk, on one layer: slots first, then positions.
void CacheMemory::carry_out(int layer, const Tensor& queries) {
    if (plan_.archive) {
        store_.copy(layer, {0, tokens(policy_->archive_frames())}, tokens(policy_->window()));
    }
    for (const std::optional<Fold>& f : plan_.folds) {
        if (f) {
            fold(layer, *f);
        }
    }
    runs_.clear();
    push_run(runs_, tokens(plan_.head));
    if (plan_.fire && plan_.top > 0) {
        select(layer, queries);
    }
    push_run(runs_, tokens(plan_.tail));
    if (plan_.fire || runs_.size() != 1 || runs_[0] != Range{0, tokens(plan_.len_before)}) {
        store_.keep(layer, runs_);
    }
    const auto frames = static_cast<int64_t>(query_positions_.size());
    const Range top{plan_.head.count(), plan_.head.count() + plan_.top};
    const auto reuse = store_.reuse(layer);
    std::for_each(reuse.begin() + tokens(top.begin), reuse.begin() + tokens(top.end),
                  [](uint8_t& uses) { uses += uses < 255; });
    std::fill_n(reuse.begin() + tokens(plan_.write_slot), tokens(frames), uint8_t{0});
    if (plan_.head_frame) {
        place(layer, 0, plan_.head.count(), *plan_.head_frame);
    }
    if (plan_.top_frame) {
        place(layer, top.begin, plan_.top, *plan_.top_frame);
    }
    if (plan_.tail_frame) {
        place(layer, plan_.write_slot - plan_.tail.count(), plan_.tail.count(), *plan_.tail_frame);
    }
    if (plan_.replay) {
        replay(layer, *plan_.replay);
    }
    place(layer, plan_.write_slot, frames, first_frame_);
}

void CacheMemory::fold(int layer, const Fold& fold) {
    if (fold.averaged) {
        return store_.blend_mean(layer, tokens(fold.leaving), tokens(fold.into), fold.share);
    }
    for (int64_t f = fold.leaving.begin; f < fold.leaving.end; ++f) {
        const int64_t into = fold.into.begin + (f - fold.leaving.begin) % fold.into.count();
        store_.blend(layer, tokens(Range{f, f + 1}), tokens(into), fold.share);
    }
}

void CacheMemory::replay(int layer, const Replay& replay) {
    for (int64_t i = 0; i < replay.frames.count(); ++i) {
        const int64_t frame = policy_->window() + (replay.backwards ? replay.frames.end - 1 - i
                                                                    : replay.frames.begin + i);
        store_.copy(layer, tokens(Range{frame, frame + 1}), tokens(replay.slot + i));
    }
}

// Appends the tokens that the newest queries look at most to `runs_`.
void CacheMemory::select(int layer, const Tensor& queries) {
    const Range candidates = tokens(plan_.candidates);
    const std::span<float> scores(scores_.data(), static_cast<size_t>(candidates.count()));
    if (participation_.random) {
        fill_gaussian(
            {.chunk = static_cast<uint64_t>(first_frame_), .step = static_cast<uint32_t>(layer)},
            scores);
    } else {
        std::ranges::fill(vote_, 0.0f);
        if (participation_.queries != Queries::Clean) {
            add_queries(queries, {0, queries.extent(0)}, vote_);
        }
        if (participation_.queries != Queries::Noisy) {
            std::ranges::transform(vote_, query_sums(clean_sums_, layer), vote_.begin(),
                                   std::plus<>());
        }
        store_.refresh(layer, tokens(plan_.len_before));
        score_slots(store_.view(layer, tokens(plan_.len_before)), geometry_.heads,
                    geometry_.head_dim, candidates, vote_, scores);
    }
    const auto reuse = store_.reuse(layer).subspan(static_cast<size_t>(candidates.begin));
    for (const int32_t i :
         select_top(scores, reuse, participation_.reuse_limit, tokens(plan_.top), order_)) {
        push_run(runs_, {candidates.begin + i, candidates.begin + i + 1});
    }
}

void CacheMemory::place(int layer, int64_t first_slot, int64_t frames, int64_t first_frame) {
    const auto positions = store_.positions(layer);
    for (int64_t f = 0; f < frames; ++f) {
        std::fill_n(positions.begin() + tokens(first_slot + f), geometry_.tokens_per_frame,
                    static_cast<double>(first_frame + f - origin_));
    }
}

// Everything that is kept in terms of positions moves with the origin: slots, and the sums of
// queries that were rotated at the old ones.
void CacheMemory::move_origin(int64_t frame) {
    const auto shift = static_cast<double>(frame - origin_);
    origin_ = frame;
    for (int layer = 0; layer < geometry_.layers; ++layer) {
        for (double& position : store_.positions(layer)) {
            position -= shift;
        }
    }
    Tensor sums =
        Tensor::view(clean_sums_.data(),
                     {1, geometry_.layers * geometry_.heads, geometry_.head_dim}, DType::F32);
    diffusion::rope_time(sums, std::array{-shift}, sums, kTheta);
}

std::span<float> CacheMemory::query_sums(std::vector<float>& all, int layer) const {
    const size_t channels = vote_.size();
    return std::span(all).subspan(static_cast<size_t>(layer) * channels, channels);
}

std::vector<double> CacheMemory::frame_numbers(int layer) const {
    const auto positions = store_.positions(layer).first(static_cast<size_t>(tokens(frames())));
    std::vector<double> numbers(positions.begin(), positions.end());
    for (double& number : numbers) {
        number += static_cast<double>(origin_);
    }
    return numbers;
}

}  // namespace longtake::generator
