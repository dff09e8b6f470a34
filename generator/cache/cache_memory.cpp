#include "generator/cache/cache_memory.h"

#include "core/error.h"
#include "diffusion/ops/rope.h"
#include "generator/cache/frame_change.h"
#include "generator/cache/guess_error.h"
#include "generator/cache/slots.h"
#include "generator/noise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace longtake::generator {
namespace {

// The origin moves when positions have reached this many windows, or, where every move rounds keys
// anew, this many frames.
constexpr int64_t kReach = 4, kFarReach = 1 << 20;

// Whether a plan reads or writes some of these slots when it moves others.
bool moves(const Plan& plan, const Range& slots) {
    const auto touches = [&slots](int64_t begin, int64_t count) {
        return count > 0 && begin < slots.end && slots.begin < begin + count;
    };
    const bool stays = plan.tail.end == plan.write_slot;
    return touches(plan.candidates.begin, plan.fire ? plan.candidates.count() : 0) ||
           touches(plan.head.end, plan.fire ? plan.top : 0) ||
           (!stays && (touches(plan.tail.begin, plan.tail.count()) ||
                       touches(plan.write_slot - plan.tail.count(), plan.tail.count()))) ||
           plan.middle.count() > 0 || plan.first_slot || plan.replay ||
           (plan.downsampled &&
            touches(plan.downsampled->frames.begin, plan.downsampled->frames.count()));
}

CacheGeometry under(const CachePolicy& policy, CacheGeometry geometry) {
    geometry.retimes = policy.retimes();
    return geometry;
}

}  // namespace

CacheMemory::CacheMemory(std::shared_ptr<const CachePolicy> policy, const CacheGeometry& geometry)
    : policy_(std::move(policy)),
      participation_(policy_->participation()),
      geometry_(under(*policy_, geometry)),
      store_(geometry_,
             (policy_->window() + policy_->archive_frames()) * geometry.tokens_per_frame),
      clean_sums_({geometry.layers, geometry.heads, geometry.head_dim}, DType::F32,
                  geometry.device),
      vote_({geometry.heads, geometry.head_dim}, DType::F32, geometry.device),
      scores_({store_.capacity()}, DType::F32, geometry.device),
      drawn_(scores_),
      order_({store_.capacity()}, DType::I32, geometry.device) {
    if (participation_.score == Score::Random && geometry.device == Device::Cuda) {
        drawn_ = Tensor(scores_.shape(), DType::F32);
    }
    if (wants_surprise()) {
        surprise_ = Tensor({1, store_.capacity(), 1}, DType::F32, geometry.device);
        zero(surprise_);
    }
    if (policy_->downsamples()) {
        check(geometry.columns > 0, "frames without columns cannot be downsampled");
        downsampling_.emplace(geometry.tokens_per_frame / geometry.columns, geometry.columns);
        listed_ = Tensor::on_host({tokens(Downsampling::kSlots)}, DType::I32, geometry.device);
    }
    if (const auto recall = policy_->recall()) {
        recall_ = std::make_unique<Recall>(*recall, geometry_);
    }
    carried_out_.resize(static_cast<size_t>(geometry.layers));
    groups_.resize(policy_->by_head() ? carried_out_.size() : 0);
    query_positions_.reserve(static_cast<size_t>(policy_->window()));
    zero(clean_sums_);
}

void CacheMemory::reset() {
    plan_ = {};
    first_frame_ = next_frame_ = origin_ = 0;
    query_positions_.clear();
    zero(clean_sums_);
    if (recall_) {
        recall_->reset();
    }
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
    shifted_ = turn_first_ = true;
    groups_ = other.groups_;
    if (recall_) {
        recall_->copy_from(*other.recall_);
    }
    copy_bytes(clean_sums_.raw(), geometry_.device, other.clean_sums_.raw(), geometry_.device,
               clean_sums_.bytes(), geometry_.stream);
    if (wants_surprise()) {
        copy_bytes(surprise_.raw(), geometry_.device, other.surprise_.raw(), geometry_.device,
                   surprise_.bytes(), geometry_.stream);
    }
}

CacheMemory CacheMemory::clone() const {
    CacheMemory copy(policy_, geometry_);
    copy.copy_from(*this);
    synchronize(geometry_.device, geometry_.stream);
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
    const int64_t reach = policy_->retimes() ? kReach * policy_->window() : kFarReach;
    if (first_frame_ - origin_ >= reach) {
        move_origin(first_frame_ - policy_->window());
    }
    turn_first_ = std::exchange(shifted_, false);
    const Border border{first_frame_, frames, plan_.len_after, turn};
    plan_ = policy_->plan(border);
    expect(first_frame_, frames);
    group_heads(border);
    if (recall_) {
        recall_->begin({plan_, first_frame_, frames, origin_, clean_sums_, viewpoint_, prompt_},
                       store_);
    }
    if (plan_.downsampled) {
        list_downsampled();
    }
    return plan_;
}

void CacheMemory::group_heads(const Border& border) {
    for (size_t layer = 0; layer < groups_.size(); ++layer) {
        groups_[layer].clear();
        policy_->groups(static_cast<int>(layer), border, groups_[layer]);
        for (diffusion::HeadGroup& group : groups_[layer]) {
            group.begin = tokens(group.begin);
            group.end = tokens(group.end);
        }
    }
}

int64_t CacheMemory::recached_before(int64_t frames, Turn turn) const {
    return policy_->recached({next_frame_, frames, plan_.len_after, turn});
}

void CacheMemory::begin_recache(int64_t frames) {
    const int64_t cached = plan_.len_after;
    check(0 < frames && frames <= cached, "{} of {} cached frames anew", frames, cached);
    first_frame_ = next_frame_ - frames;
    const int64_t kept = policy_->rebuilds() ? 0 : cached - frames;
    plan_ = {.len_before = cached,
             .len_after = kept + frames,
             .head = {0, kept},
             .tail = {cached, cached},
             .write_slot = kept};
    expect(first_frame_, frames);
}

// Queries of these frames, and a plan that is still to be carried out.
void CacheMemory::expect(int64_t first_frame, int64_t frames) {
    query_positions_.resize(static_cast<size_t>(frames));
    for (int64_t f = 0; f < frames; ++f) {
        query_positions_[static_cast<size_t>(f)] = static_cast<double>(first_frame + f - origin_);
    }
    std::ranges::fill(carried_out_, uint8_t{0});
}

diffusion::KvView CacheMemory::update(int layer, const Tensor& queries, const Tensor& keys,
                                      const Tensor& values) {
    check(layer >= 0 && layer < geometry_.layers, "layer {} of {}", layer, geometry_.layers);
    const auto frames = static_cast<int64_t>(query_positions_.size());
    const bool handed_over = !keys.empty();
    check(handed_over ? keys.extent(0) == tokens(frames) : target(layer).has_value(),
          "{} keys for a chunk of {} frames", handed_over ? keys.extent(0) : 0, frames);
    if (!carried_out_[static_cast<size_t>(layer)]) {
        carry_out(layer, queries);
        store_.refresh(layer, {0, tokens(plan_.write_slot)});
        carried_out_[static_cast<size_t>(layer)] = 1;
    }
    if (handed_over) {
        store_.write(layer, tokens(plan_.write_slot), keys, values);
    }
    if (pass_ == Pass::Clean && participation_.clean_frames > 0) {
        Tensor sums = clean_sums_.slice(layer, layer + 1);
        const int64_t first = std::max<int64_t>(0, frames - participation_.clean_frames);
        sum_queries(queries, tokens(Range{first, frames}), {}, sums, geometry_.stream);
    }
    diffusion::KvView view = store_.view(layer, tokens(plan_.len_after));
    if (!groups_.empty()) {
        view.groups = groups_[static_cast<size_t>(layer)];
    }
    return view;
}

// From the second pass of a chunk on nothing has to happen to its slots first. Only what the clean
// pass leaves is ever moved.
std::optional<diffusion::KvTarget> CacheMemory::target(int layer) {
    if (!carried_out_[static_cast<size_t>(layer)]) {
        return std::nullopt;
    }
    return store_.target(layer, tokens(plan_.write_slot), pass_ == Pass::Clean);
}

// The first pass of a chunk carries out a plan, with numbers of its own.
std::optional<diffusion::PassKind> CacheMemory::pass_kind() const {
    if (geometry_.device == Device::Cpu || std::ranges::count(carried_out_, 0) > 0) {
        return std::nullopt;
    }
    return diffusion::PassKind{store_.positions(0),
                               {plan_.write_slot, plan_.len_after, pass_ == Pass::Clean}};
}

// The plan of this chunk, on one layer: slots first, then positions.
void CacheMemory::carry_out(int layer, const Tensor& queries) {
    if (recall_) {
        recall_->save(layer, store_);
    }
    if (plan_.archive) {
        store_.copy(layer, {0, tokens(policy_->archive_frames())}, tokens(policy_->window()));
    }
    if (plan_.first_slot) {
        const int64_t foot = plan_.len_after - plan_.foot;
        store_.copy(layer, tokens(Range{*plan_.first_slot, *plan_.first_slot + 1}), tokens(foot));
        place(layer, foot, 1, 0);
    }
    for (const std::optional<Fold>& f : plan_.folds) {
        if (f) {
            fold(layer, *f);
        }
    }
    if (plan_.downsampled) {
        downsample(layer);
    }
    check(plan_.head.begin == 0, "a plan whose head begins at {}", plan_.head.begin);
    if (plan_.head_frame) {  // which stays where it is: it can turn while a choice is made
        place(layer, 0, plan_.head.count(), *plan_.head_frame);
    }
    const int64_t top = plan_.fire ? plan_.top : 0;
    if (top > 0) {
        switch (participation_.score) {
            case Score::Surprise: select_surprising(layer); break;
            case Score::Change: select_changing(layer); break;
            default: select(layer, queries);
        }
    }
    keep(layer, top);
    if (plan_.top_frame) {
        place(layer, plan_.head.count(), top, *plan_.top_frame);
    }
    if (plan_.middle_frame) {
        place(layer, plan_.head.count() + top, plan_.middle.count(), *plan_.middle_frame);
    }
    if (plan_.tail_frame) {
        place(layer, plan_.write_slot - plan_.tail.count(), plan_.tail.count(), *plan_.tail_frame);
    }
    if (plan_.replay) {
        replay(layer, *plan_.replay);
    }
    if (recall_) {
        recall_->load(layer, store_, plan_.recalled && moves(plan_, plan_.recalled->slots));
    }
    place(layer, plan_.write_slot, static_cast<int64_t>(query_positions_.size()), first_frame_);
    if (wants_surprise() && layer == 0) {  // of a picture nobody guesses anything
        const Range chunk = tokens(Range{plan_.write_slot, plan_.len_after - plan_.foot});
        place_slots(surprise_, chunk, chunk.count(), 0, geometry_.stream);
    }
}

// The slots of the tokens that stay of the frames that leave, for every layer.
void CacheMemory::list_downsampled() {
    const auto& [frames, place] = *plan_.downsampled;
    synchronize(geometry_.device, geometry_.stream);  // a list before this one has arrived
    int32_t* next = listed_.data<int32_t>();
    for (int64_t f = 0; f < frames.count(); ++f) {
        for (const int32_t token : downsampling_->tokens(place + f)) {
            *next++ = static_cast<int32_t>(tokens(frames.begin + f)) + token;
        }
    }
    copy_bytes(order_.raw(), geometry_.device, listed_.raw(), Device::Cpu, listed_.bytes(),
               geometry_.stream);
}

void CacheMemory::downsample(int layer) {
    const auto& [frames, place] = *plan_.downsampled;
    const int64_t begin = downsampling_->begin(place);
    const int64_t count = downsampling_->begin(place + frames.count()) - begin;
    store_.keep(layer, begin, order_.slice(0, count), {0, 0});
}

void CacheMemory::keep(int layer, int64_t top) {
    const Tensor chosen = order_.slice(0, tokens(top));
    const int64_t head = plan_.head.end;
    if (plan_.middle.count() == 0) {
        return store_.keep(layer, tokens(head), chosen, tokens(plan_.tail));
    }
    // What lies between middle and tail moves up with the middle, and goes then.
    store_.keep(layer, tokens(head), chosen, tokens(Range{plan_.middle.begin, plan_.tail.end}));
    const int64_t gone = plan_.middle.begin - head - top;
    store_.keep(layer, tokens(head + top + plan_.middle.count()), chosen.slice(0, 0),
                tokens(Range{plan_.tail.begin - gone, plan_.tail.end - gone}));
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

// The slots that the newest queries look at most, into `order_`.
void CacheMemory::select(int layer, const Tensor& queries) {
    const Range candidates = tokens(plan_.candidates);
    const GpuStream stream = geometry_.stream;
    Start choice = Start::After;
    if (participation_.score == Score::Random) {
        draw_scores(layer, candidates.count());
    } else {
        const Tensor clean = clean_sums_.slice(layer, layer + 1).reshape(vote_.shape());
        const bool both = participation_.queries == Queries::Both;
        const bool noisy = both || participation_.queries == Queries::Noisy;
        const int64_t cached = tokens(plan_.len_before);
        if (turn_first_) {
            store_.refresh(layer, {0, cached});
        }
        if (noisy) {
            sum_queries(queries, {0, queries.extent(0)}, both ? clean : Tensor(), vote_, stream);
        }
        score_slots(store_.view(layer, cached), candidates, noisy ? vote_ : clean, scores_, stream,
                    noisy ? Start::Early : Start::After);
        choice = Start::Early;
    }
    Tensor reuse = store_.reuse(layer);
    select_top(scores_, candidates, participation_.reuse_limit, tokens(plan_.top), reuse, order_,
               stream, choice);
    if (plan_.head_frame) {  // a few multiprocessors choose: the others turn what stands elsewhere
        store_.refresh(layer, tokens(plan_.head), Start::Early);
    }
}

// What surprised is the same for every layer: chosen with the first, for all.
void CacheMemory::select_surprising(int layer) {
    if (layer > 0) {
        return;
    }
    const Range candidates = tokens(plan_.candidates);
    Tensor reuse = store_.reuse(layer);
    select_top(surprise_.reshape({store_.capacity()}).slice(candidates.begin, candidates.end),
               candidates, 0, tokens(plan_.top), reuse, order_, geometry_.stream);
    move_slots(surprise_, tokens(plan_.head.end), order_.slice(0, tokens(plan_.top)),
               tokens(plan_.tail), geometry_.stream);
}

// What changes is the same for every layer: chosen with the first, before any slot moves.
void CacheMemory::select_changing(int layer) {
    if (layer > 0) {
        return;
    }
    const int from = std::min(1, geometry_.layers - 1);
    const Range candidates = tokens(plan_.candidates);
    score_change(store_.view(from, tokens(plan_.len_before)), candidates, geometry_.heads,
                 geometry_.head_dim,
                 {.tokens = geometry_.tokens_per_frame,
                  .patches = participation_.patches,
                  .voters = participation_.voters},
                 scores_, geometry_.stream);
    Tensor reuse = store_.reuse(layer);
    select_top(scores_, candidates, 0, tokens(plan_.top), reuse, order_, geometry_.stream);
}

void CacheMemory::surprise(const Tensor& guess, const Tensor& clean, int64_t height,
                           int64_t width) {
    const int64_t chunks = first_frame_ / std::max<int64_t>(1, guess.extent(0));
    Tensor scores = surprise_.reshape({store_.capacity()})
                        .slice(tokens(plan_.write_slot), tokens(plan_.len_after - plan_.foot));
    // That what is older counts less is that what is newer counts more.
    score_guess(guess, clean,
                {.tokens = geometry_.tokens_per_frame,
                 .height = height,
                 .width = width,
                 .whole_frames = participation_.whole_frames,
                 .bonus = -static_cast<float>(std::log(participation_.decay) *
                                              static_cast<double>(chunks))},
                scores, geometry_.stream);
}

// Scores that know nothing.
void CacheMemory::draw_scores(int layer, int64_t count) {
    Tensor drawn = drawn_.slice(0, count);
    fill_gaussian(
        {.chunk = static_cast<uint64_t>(first_frame_), .step = static_cast<uint32_t>(layer)},
        drawn.values<float>());
    if (geometry_.device == Device::Cuda) {
        copy_bytes(scores_.raw(), Device::Cuda, drawn.raw(), Device::Cpu, drawn.bytes(),
                   geometry_.stream);
    }
}

void CacheMemory::place(int layer, int64_t first_slot, int64_t frames, int64_t first_frame) {
    store_.place(layer, tokens(Range{first_slot, first_slot + frames}),
                 static_cast<double>(first_frame - origin_));
}

// Everything that is kept in terms of positions moves with the origin: slots, and the sums of
// queries that were rotated at the old ones.
void CacheMemory::move_origin(int64_t frame) {
    const auto shift = static_cast<double>(frame - origin_);
    origin_ = frame;
    shifted_ = true;
    store_.shift(-shift);
    Tensor sums = clean_sums_.reshape({1, geometry_.layers * geometry_.heads, geometry_.head_dim});
    diffusion::rope_time(sums, std::array{-shift}, sums, diffusion::kRopeTheta, geometry_.stream);
}

std::vector<double> CacheMemory::frame_numbers(int layer) const {
    synchronize(geometry_.device, geometry_.stream);
    const Tensor positions = store_.positions(layer).to(Device::Cpu);
    const auto cached = positions.values<float>().first(static_cast<size_t>(tokens(frames())));
    std::vector<double> numbers(cached.begin(), cached.end());
    for (double& number : numbers) {
        number += static_cast<double>(origin_);
    }
    return numbers;
}

}  // namespace longtake::generator
