#include "generator/cache/recall.h"

#include "core/error.h"
#include "core/parallel.h"
#include "diffusion/ops/rope.h"
#include "generator/cache/slots.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace longtake::generator {
namespace {

Shape layer_shape(const RecallSettings& s, const CacheGeometry& g) {
    return {2 * g.heads, s.block_frames * g.tokens_per_frame, g.head_dim};
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
      copies_(geometry.device, geometry.stream, geometry.layers + 2) {
    if (settings.budget.disk_mib > 0) {
        const Shape layer = layer_shape(settings, geometry);
        staging_ = Tensor::on_host({2 * settings.blocks, layer[0], layer[1], layer[2]},
                                   geometry.dtype, geometry.device);
    }
    order_.reserve(static_cast<size_t>(stored_.capacity()));
    reset();
}

void Recall::reset() {
    stored_.clear();
    next_block_ = now_ = 0;
    slots_.reset();
    saving_.reset();
    places_.assign(static_cast<size_t>(geometry_.layers * settings_.blocks), {});
}

void Recall::copy_from(const Recall& other) {
    stored_.copy_from(other.stored_);
    next_block_ = other.next_block_;
    now_ = other.now_;
    slots_ = other.slots_;
    saving_ = other.saving_;
    origin_ = other.origin_;
    places_ = other.places_;
    copy_bytes(mean_keys_.raw(), Device::Cpu, other.mean_keys_.raw(), Device::Cpu,
               mean_keys_.bytes());
}

void Recall::begin(const Border& border, const KvStore& store) {
    ++now_;
    slots_ = border.plan.recalled;
    origin_ = border.origin;
    const int64_t left = std::max<int64_t>(
        0, (border.first_recent - settings_.first_frame) / settings_.block_frames);
    saving_ = border.plan.stored;
    if (saving_ && saving_->block < next_block_) {
        saving_.reset();
    }
    if (saving_) {
        store_block(*saving_, left, store);
    }
    if (!slots_) {
        return;
    }
    copy_bytes(queries_.raw(), Device::Cpu, border.queries.raw(), geometry_.device,
               queries_.bytes(), geometry_.stream);
    synchronize(geometry_.device, geometry_.stream);
    const auto all = stored_.blocks();
    const auto last = std::ranges::lower_bound(all, left, {}, &BlockStore::Block::number);
    const auto candidates = all.first(static_cast<size_t>(last - all.begin()));
    check(std::ssize(candidates) >= settings_.blocks, "{} blocks to choose {} from",
          candidates.size(), settings_.blocks);
    score(border, candidates);
    for (int layer = 0; layer < geometry_.layers; ++layer) {
        take_best(layer, border, candidates);
    }
}

void Recall::store_block(const StoredBlock& stored, int64_t left, const KvStore& store) {
    check(stored.block == next_block_, "block {} after {}", stored.block, next_block_ - 1);
    const BlockStore::Block& block = stored_.add(next_block_++, now_, left);
    const int64_t heads = geometry_.heads, tokens = geometry_.tokens_per_frame;
    for (int layer = 0; layer < geometry_.layers; ++layer) {
        Tensor means = means_.slice(layer * heads, (layer + 1) * heads);
        mean_slots(store.kept(layer).slice(0, heads),
                   {stored.slots.begin * tokens, stored.slots.end * tokens}, means,
                   geometry_.stream);
    }
    copy_bytes(mean_keys_.slice(block.row, block.row + 1).raw(), Device::Cpu, means_.raw(),
               geometry_.device, means_.bytes(), geometry_.stream);
}

// scores_[layer, i]: what the queries of the chunk before, all of them and of all heads, have for
// the mean keys of candidate i at the place in time it would get.
void Recall::score(const Border& border, std::span<const BlockStore::Block> candidates) {
    const int64_t rows = geometry_.heads * geometry_.head_dim;
    const auto turn_to = [&](int64_t frame) {
        diffusion::rope_time(queries_, std::array{static_cast<double>(origin_ - frame)}, turned_);
    };
    turn_to(border.first_recent - settings_.block_frames);
    float* scores = scores_.data<float>();
    for (size_t i = 0; i < candidates.size(); ++i) {
        if (settings_.in_place) {
            turn_to(first_frame_of(candidates[i].number));
        }
        const float* keys = mean_keys_.data<float>() + candidates[i].row * geometry_.layers * rows;
        for (int64_t layer = 0; layer < geometry_.layers; ++layer) {
            const float* query = turned_.data<float>() + layer * rows;
            scores[layer * stored_.capacity() + static_cast<int64_t>(i)] =
                std::inner_product(query, query + rows, keys + layer * rows, 0.F);
        }
    }
    if (settings_.alike) {
        for (size_t i = 0; i < candidates.size(); ++i) {
            float sum = 0;
            for (int64_t layer = 0; layer < geometry_.layers; ++layer) {
                sum += scores[layer * stored_.capacity() + static_cast<int64_t>(i)];
            }
            for (int64_t layer = 0; layer < geometry_.layers; ++layer) {
                scores[layer * stored_.capacity() + static_cast<int64_t>(i)] = sum;
            }
        }
    }
}

// The best come to the places of those that are not wanted any more.
void Recall::take_best(int layer, const Border& border,
                       std::span<const BlockStore::Block> candidates) {
    const float* scores = scores_.data<float>() + layer * stored_.capacity();
    order_.resize(candidates.size());
    std::iota(order_.begin(), order_.end(), 0);
    const auto best = order_.begin() + settings_.blocks;
    std::partial_sort(order_.begin(), best, order_.end(), [scores](int32_t a, int32_t b) {
        return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
    });
    std::sort(order_.begin(), best);  // by age
    const auto places = std::span(places_).subspan(static_cast<size_t>(layer * settings_.blocks),
                                                   static_cast<size_t>(settings_.blocks));
    for (Place& place : places) {
        place.fresh = std::none_of(order_.begin(), best, [&](int32_t i) {
            return candidates[static_cast<size_t>(i)].number == place.block;
        });
    }
    auto free_place = places.begin();
    for (int64_t age = 0; age < settings_.blocks; ++age) {
        const int64_t block =
            candidates[static_cast<size_t>(order_[static_cast<size_t>(age)])].number;
        auto place = std::ranges::find(places, block, &Place::block);
        if (place == places.end()) {
            free_place =
                std::find_if(free_place, places.end(), [](const Place& p) { return p.fresh; });
            place = free_place++;
            place->block = block;
        }
        place->frame = settings_.in_place ? first_frame_of(block)
                                          : border.first_recent -
                                                (settings_.blocks - age) * settings_.block_frames;
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

void Recall::load(int layer, KvStore& store) {
    if (!slots_) {
        return;
    }
    const int64_t block_tokens = settings_.block_frames * geometry_.tokens_per_frame;
    const int staging_free = geometry_.layers + layer % 2;
    copies_.wait(staging_free);
    Tensor kept = store.kept(layer);
    for (int64_t i = 0; i < settings_.blocks; ++i) {
        const Place& place = places_[static_cast<size_t>(layer * settings_.blocks + i)];
        const int64_t slot = slots_->begin * geometry_.tokens_per_frame + i * block_tokens;
        if (place.fresh) {
            copy_slots(fetched(place.block, i, layer), {0, block_tokens}, kept, slot,
                       copies_.stream());
            store.replaced(layer, {slot, slot + block_tokens});
        }
        store.place(layer, {slot, slot + block_tokens}, static_cast<double>(place.frame - origin_));
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
