#include "generator/cache/recall.h"

#include "core/error.h"
#include "core/parallel.h"
#include "diffusion/ops/rope.h"
#include "generator/cache/downsampling.h"
#include "generator/cache/slots.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace longtake::generator {
namespace {

Shape layer_shape(const RecallSettings& s, const CacheGeometry& g) {
    return {2 * g.heads, s.block_frames * g.tokens_per_frame, g.head_dim};
}

// How far a slot of a block is behind its first frame, in frames.
Tensor pattern_of(const RecallSettings& s, const CacheGeometry& g) {
    Tensor pattern({1, s.block_frames * g.tokens_per_frame, 1}, DType::F32);
    if (s.block_span == s.block_frames) {
        place_slots(pattern, {0, pattern.count()}, g.tokens_per_frame, 0, nullptr);
        return pattern.to(g.device);
    }
    const Downsampling schedule(g.tokens_per_frame / g.columns, g.columns);
    for (int64_t place = 0; place < s.block_span; ++place) {
        std::fill(pattern.data<float>() + schedule.begin(place),
                  pattern.data<float>() + schedule.begin(place + 1), static_cast<float>(place));
    }
    return pattern.to(g.device);
}

double distance(const PlaneCamera& a, const PlaneCamera& b) {
    return std::hypot(std::hypot(a.x - b.x, a.y - b.y), std::log(a.distance / b.distance),
                      std::hypot(a.orbit - b.orbit, a.roll - b.roll));
}

}  // namespace

Recall::Recall(const RecallSettings& settings, const CacheGeometry& geometry)
    : settings_(settings),
      geometry_(geometry),
      stored_(layer_shape(settings, geometry), geometry.dtype, geometry.layers,
              settings.least_stored, settings.budget, geometry.device),
      means_({geometry.layers * geometry.heads, geometry.head_dim}, DType::F32, geometry.device),
      mean_keys_(Tensor::on_host({stored_.capacity(), means_.extent(0), means_.extent(1)},
                                 DType::F32, geometry.device)),
      queries_(
          Tensor::on_host({1, means_.extent(0), means_.extent(1)}, DType::F32, geometry.device)),
      turned_(queries_.shape(), DType::F32),
      scores_({geometry.layers, stored_.capacity()}, DType::F32),
      pattern_(pattern_of(settings, geometry)),
      copies_(geometry.device, geometry.stream, geometry.layers + 2) {
    if (settings.budget.disk_mib > 0) {
        const Shape layer = layer_shape(settings, geometry);
        staging_ = Tensor::on_host({2 * settings.blocks, layer[0], layer[1], layer[2]},
                                   geometry.dtype, geometry.device);
    }
    order_.reserve(static_cast<size_t>(stored_.capacity()));
    block_prompts_.resize(order_.capacity());
    if (settings.by_viewpoint) {
        viewpoints_.resize(static_cast<size_t>(settings.viewpoints));
        block_viewpoints_.resize(static_cast<size_t>(stored_.capacity() * settings.block_span));
    }
    reset();
}

void Recall::reset() {
    stored_.clear();
    next_block_ = now_ = 0;
    recalled_.reset();
    saving_.reset();
    places_.assign(static_cast<size_t>(geometry_.layers * settings_.blocks), {});
}

void Recall::copy_from(const Recall& other) {
    stored_.copy_from(other.stored_);
    next_block_ = other.next_block_;
    now_ = other.now_;
    recalled_ = other.recalled_;
    saving_ = other.saving_;
    origin_ = other.origin_;
    first_frame_ = other.first_frame_;
    places_ = other.places_;
    prompt_before_ = other.prompt_before_;
    block_prompts_ = other.block_prompts_;
    viewpoints_ = other.viewpoints_;
    block_viewpoints_ = other.block_viewpoints_;
    copy_bytes(mean_keys_.raw(), Device::Cpu, other.mean_keys_.raw(), Device::Cpu,
               mean_keys_.bytes());
}

void Recall::begin(const Border& border, const KvStore& store) {
    ++now_;
    origin_ = border.origin;
    recalled_ = border.plan.recalled;
    saving_ = border.plan.stored;
    if (saving_ && saving_->block < next_block_) {
        saving_.reset();
    }
    if (saving_) {
        store_block(border, store);
    }
    prompt_before_ = border.prompt;
    for (int64_t i = 0; i < border.frames && settings_.by_viewpoint; ++i) {
        viewpoints_[static_cast<size_t>(border.first_frame + i) % viewpoints_.size()] =
            border.viewpoint;
    }
    if (recalled_) {
        copy_bytes(queries_.raw(), Device::Cpu, border.queries.raw(), geometry_.device,
                   queries_.bytes(), geometry_.stream);
    }
    if (recalled_ || saving_) {  // copies begin where the chunk before has ended
        synchronize(geometry_.device, geometry_.stream);
    }
    if (!recalled_) {
        return;
    }
    first_frame_ = recalled_->first_frame;
    const auto all = stored_.blocks();
    const auto last =
        std::ranges::lower_bound(all, recalled_->outside, {}, &BlockStore::Block::number);
    const auto candidates = all.first(static_cast<size_t>(last - all.begin()));
    score(border, candidates);
    for (int layer = 0; layer < geometry_.layers; ++layer) {
        take_best(layer, border, candidates);
    }
}

void Recall::store_block(const Border& border, const KvStore& store) {
    next_block_ = saving_->block + 1;
    const BlockStore::Block& block =
        stored_.add(saving_->block, now_, recalled_ ? recalled_->outside : 0);
    const int64_t heads = geometry_.heads, tokens = geometry_.tokens_per_frame;
    for (int layer = 0; layer < geometry_.layers; ++layer) {
        Tensor means = means_.slice(layer * heads, (layer + 1) * heads);
        mean_slots(store.kept(layer).slice(0, heads),
                   {saving_->slots.begin * tokens, saving_->slots.end * tokens}, means,
                   geometry_.stream);
    }
    copy_bytes(mean_keys_.slice(block.row, block.row + 1).raw(), Device::Cpu, means_.raw(),
               geometry_.device, means_.bytes(), geometry_.stream);
    block_prompts_[static_cast<size_t>(block.row)] = prompt_before_;
    for (int64_t i = 0; i < settings_.block_span && settings_.by_viewpoint; ++i) {
        const int64_t frame = saving_->first_frame + i;
        check(border.first_frame - frame <= std::ssize(viewpoints_), "frame {} is too old", frame);
        block_viewpoints_[static_cast<size_t>(block.row * settings_.block_span + i)] =
            viewpoints_[static_cast<size_t>(frame) % viewpoints_.size()];
    }
}

void Recall::score(const Border& border, std::span<const BlockStore::Block> candidates) {
    if (settings_.by_viewpoint && score_by_viewpoint(border, candidates)) {
        return;
    }
    score_by_queries(border, candidates);
    for (size_t i = 0; i < candidates.size() && settings_.alike; ++i) {
        float* scores = scores_.data<float>() + i;
        float sum = 0;
        for (int64_t layer = 0; layer < geometry_.layers; ++layer) {
            sum += scores[layer * stored_.capacity()];
        }
        for (int64_t layer = 0; layer < geometry_.layers; ++layer) {
            scores[layer * stored_.capacity()] = sum;
        }
    }
}

// scores_[layer, i]: what the queries of the chunk before, all of them and of all heads, have for
// the mean keys of candidate i at the place in time it would get.
void Recall::score_by_queries(const Border& border, std::span<const BlockStore::Block> candidates) {
    const int64_t rows = geometry_.heads * geometry_.head_dim;
    int64_t turned_to = border.first_frame;  // nowhere yet
    float* scores = scores_.data<float>();
    for (size_t i = 0; i < candidates.size(); ++i) {
        if (const int64_t frame = place_of(border, candidates[i].number, settings_.blocks - 1);
            frame != turned_to) {
            turned_to = frame;
            diffusion::rope_time(queries_, std::array{static_cast<double>(origin_ - frame)},
                                 turned_);
        }
        const float* keys = mean_keys_.data<float>() + candidates[i].row * geometry_.layers * rows;
        for (int64_t layer = 0; layer < geometry_.layers; ++layer) {
            const float* query = turned_.data<float>() + layer * rows;
            scores[layer * stored_.capacity() + static_cast<int64_t>(i)] =
                std::inner_product(query, query + rows, keys + layer * rows, 0.F);
        }
    }
}

// The nearer a camera of the block's frames was to the chunk's, the better. Says nothing where all
// are as near.
bool Recall::score_by_viewpoint(const Border& border,
                                std::span<const BlockStore::Block> candidates) {
    bool differ = false;
    for (size_t i = 0; i < candidates.size(); ++i) {
        const auto cameras =
            std::span(block_viewpoints_)
                .subspan(static_cast<size_t>(candidates[i].row * settings_.block_span),
                         static_cast<size_t>(settings_.block_span));
        double nearest = INFINITY;
        for (const PlaneCamera& camera : cameras) {
            nearest = std::min(nearest, distance(camera, border.viewpoint));
        }
        for (int64_t layer = 0; layer < geometry_.layers; ++layer) {
            scores_.data<float>()[layer * stored_.capacity() + static_cast<int64_t>(i)] =
                -static_cast<float>(nearest);
        }
        differ |= scores_.data<float>()[i] != scores_.data<float>()[0];
    }
    return differ;
}

// Where in time a block stands that is the `age`th oldest of those in the cache.
int64_t Recall::place_of(const Border& border, int64_t block, int64_t age) const {
    const int64_t first_recent = border.first_frame - border.plan.tail.count();
    return settings_.in_place ? first_frame_of(block)
                              : first_recent - (settings_.blocks - age) * settings_.block_frames;
}

// The best come to the places of those that are not wanted any more.
void Recall::take_best(int layer, const Border& border,
                       std::span<const BlockStore::Block> candidates) {
    const int64_t wanted = recalled_->slots.count() / settings_.block_frames;
    check(std::ssize(candidates) >= wanted, "{} blocks to choose {} from", candidates.size(),
          wanted);
    const float* scores = scores_.data<float>() + layer * stored_.capacity();
    order_.resize(candidates.size());
    std::iota(order_.begin(), order_.end(), 0);
    const auto best = order_.begin() + wanted;
    const auto alien = [&](int32_t i) {
        const auto row = static_cast<size_t>(candidates[static_cast<size_t>(i)].row);
        return settings_.own_prompt && block_prompts_[row] != border.prompt;
    };
    std::partial_sort(order_.begin(), best, order_.end(), [&](int32_t a, int32_t b) {
        if (alien(a) || alien(b)) {
            return alien(a) == alien(b) ? a > b : alien(b);
        }
        return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
    });
    std::sort(order_.begin(), best);  // by age
    const auto places = std::span(places_).subspan(static_cast<size_t>(layer * settings_.blocks),
                                                   static_cast<size_t>(wanted));
    for (Place& place : places) {
        place.fresh = std::none_of(order_.begin(), best, [&](int32_t i) {
            return candidates[static_cast<size_t>(i)].number == place.block;
        });
    }
    auto free_place = places.begin();
    for (int64_t age = 0; age < wanted; ++age) {
        const int64_t block =
            candidates[static_cast<size_t>(order_[static_cast<size_t>(age)])].number;
        auto place = std::ranges::find(places, block, &Place::block);
        if (place == places.end()) {
            free_place =
                std::find_if(free_place, places.end(), [](const Place& p) { return p.fresh; });
            place = free_place++;
            place->block = block;
        }
        place->frame = place_of(border, block, age);
        stored_.ask(block, now_);
    }
}

void Recall::save(int layer, const KvStore& store) {
    if (!saving_) {
        return;
    }
    const int64_t tokens = geometry_.tokens_per_frame;
    Tensor to = stored_.in_memory(stored_.block(saving_->block), layer);
    copy_slots(store.kept(layer), {saving_->slots.begin * tokens, saving_->slots.end * tokens}, to,
               0, copies_.stream());
    copies_.set(layer);
    copies_.work_waits(layer);
}

void Recall::load(int layer, KvStore& store, bool moved) {
    if (!recalled_) {
        return;
    }
    if (moved) {
        copies_.follow();
    }
    const int64_t block_tokens = settings_.block_frames * geometry_.tokens_per_frame;
    const int staging_free = geometry_.layers + layer % 2;
    copies_.wait(staging_free);
    Tensor kept = store.kept(layer);
    for (int64_t i = 0; i < recalled_->slots.count() / settings_.block_frames; ++i) {
        const Place& place = places_[static_cast<size_t>(layer * settings_.blocks + i)];
        const int64_t slot = recalled_->slots.begin * geometry_.tokens_per_frame + i * block_tokens;
        if (place.fresh) {
            copy_slots(fetched(place.block, i, layer), {0, block_tokens}, kept, slot,
                       copies_.stream());
            store.replaced(layer, {slot, slot + block_tokens});
        }
        store.place_like(layer, slot, pattern_, static_cast<double>(place.frame - origin_));
    }
    copies_.set(layer);
    copies_.set(staging_free);
    copies_.work_waits(layer);
}

// In memory: [groups, slots, head_dim].
Tensor Recall::fetched(int64_t number, int64_t place, int layer) {
    const BlockStore::Block& block = stored_.block(number);
    if (block.host >= 0) {
        return stored_.in_memory(block, layer);
    }
    const int64_t at = layer % 2 * settings_.blocks + place;
    Tensor read = staging_.slice(at, at + 1).reshape(stored_.layer_shape());
    stored_.read(block, layer, read);
    return read;
}

}  // namespace longtake::generator
