#include "generator/cache/block_store.h"

#include "core/error.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace longtake::generator {
namespace {

constexpr int64_t kBlocksByDefault = 256;

int64_t blocks_in_memory(int64_t block_bytes, int64_t least, int64_t mib) {
    const MemoryInfo memory = memory_of(Device::Cpu);
    if (mib == 0) {
        const auto quarter = static_cast<int64_t>(memory.total / 4) / block_bytes;
        return std::max(least, std::min(kBlocksByDefault, quarter));
    }
    check_input(mib <= static_cast<int64_t>(memory.free >> 20),
                "--cache: host={} MiB, and this machine has {} left; use less", mib,
                memory.free >> 20);
    return (mib << 20) / block_bytes - 1;  // one more is on the way to the file
}

// From the highest down, so that the lowest is taken first.
void free_all(std::vector<int>& places, int64_t count) {
    places.resize(static_cast<size_t>(count));
    std::iota(places.rbegin(), places.rend(), 0);
}

int take(std::vector<int>& places) {
    const int place = places.back();
    places.pop_back();
    return place;
}

}  // namespace

BlockStore::BlockStore(const Shape& layer, DType dtype, int layers, int64_t least,
                       const BlockBudget& budget, Device device)
    : layer_(layer), layers_(layers) {
    const int64_t block_bytes = layers * layer.count() * static_cast<int64_t>(size_of(dtype));
    const auto mib = [&](int64_t blocks) { return ((blocks * block_bytes - 1) >> 20) + 1; };
    disk_ = (budget.disk_mib << 20) / block_bytes;
    check_input(budget.disk_mib == 0 || disk_ > 0,
                "--cache: disk={} MiB does not hold a block of {} MiB; use more, or 0",
                budget.disk_mib, mib(1));
    const int64_t least_host = std::max<int64_t>(1, least - disk_);
    host_ = blocks_in_memory(block_bytes, least_host, budget.host_mib);
    check_input(host_ >= least_host,
                "--cache: host={} and disk={} MiB hold {} blocks of history of {} MiB, {} are "
                "needed at least; use host={} or more",
                budget.host_mib, budget.disk_mib, std::max<int64_t>(0, host_) + disk_, mib(1),
                least, mib(least_host + 1));
    if (disk_ > 0) {
        file_ = std::make_unique<SpillFile>(budget.folder, disk_ * block_bytes, "--cache: disk=");
    }
    memory_ = Tensor::on_host({host_ + 1, layers * layer[0], layer[1], layer[2]}, dtype, device);
    blocks_.reserve(static_cast<size_t>(capacity()));
    clear();
}

void BlockStore::clear() {
    if (file_) {
        file_->settle();
    }
    blocks_.clear();
    leaving_ = -1;
    free_all(free_host_, host_ + 1);
    free_all(free_disk_, disk_);
    free_all(free_rows_, capacity());
}

void BlockStore::copy_from(const BlockStore& other) {
    check(memory_.shape() == other.memory_.shape() && disk_ == other.disk_,
          "a store of blocks of another shape");
    clear();
    if (file_) {
        other.file_->settle();
    }
    blocks_ = other.blocks_;
    free_host_ = other.free_host_;
    free_disk_ = other.free_disk_;
    free_rows_ = other.free_rows_;
    if (other.leaving_ >= 0) {
        free_host_.push_back(other.leaving_);
    }
    for (const Block& b : blocks_) {
        for (int layer = 0; layer < layers_; ++layer) {
            if (b.host >= 0) {
                const Tensor from = other.in_memory(b, layer);
                Tensor to = in_memory(b, layer);
                copy_bytes(to.raw(), Device::Cpu, from.raw(), Device::Cpu, from.bytes());
            } else {  // by a place that nobody has
                Tensor way = place(free_host_.back(), layer);
                other.read(b, layer, way);
                file_->write(file_offset(b.disk, layer),
                             {static_cast<const std::byte*>(way.raw()), way.bytes()});
                file_->settle();
            }
        }
    }
}

const BlockStore::Block& BlockStore::add(int64_t number, int64_t now, int64_t before) {
    check(blocks_.empty() || blocks_.back().number < number, "block {} comes too late", number);
    if (file_) {
        file_->settle();
        if (leaving_ >= 0) {
            free_host_.push_back(std::exchange(leaving_, -1));
        }
    }
    if (std::ssize(blocks_) == capacity()) {
        const auto gone = longest_unasked(before, false);
        (gone->host >= 0 ? free_host_ : free_disk_)
            .push_back(gone->host >= 0 ? gone->host : gone->disk);
        free_rows_.push_back(gone->row);
        blocks_.erase(gone);
    }
    if (std::ranges::count_if(blocks_, [](const Block& b) { return b.host >= 0; }) == host_) {
        move_to_file(*longest_unasked(number, true));
    }
    blocks_.push_back(
        {.number = number, .asked = now, .row = take(free_rows_), .host = take(free_host_)});
    return blocks_.back();
}

// The oldest of those that were not asked for the longest.
std::vector<BlockStore::Block>::iterator BlockStore::longest_unasked(int64_t before,
                                                                     bool only_in_memory) {
    auto found = blocks_.end();
    for (auto b = blocks_.begin(); b != blocks_.end() && b->number < before; ++b) {
        if ((b->host >= 0 || !only_in_memory) &&
            (found == blocks_.end() || b->asked < found->asked)) {
            found = b;
        }
    }
    check(found != blocks_.end(), "no block of {} can make way", blocks_.size());
    return found;
}

void BlockStore::move_to_file(Block& block) {
    block.disk = take(free_disk_);
    leaving_ = std::exchange(block.host, -1);
    const Tensor all = memory_.slice(leaving_, leaving_ + 1);
    file_->write(file_offset(block.disk, 0),
                 {static_cast<const std::byte*>(all.raw()), all.bytes()});
}

const BlockStore::Block& BlockStore::block(int64_t number) const {
    const auto found = std::ranges::lower_bound(blocks_, number, {}, &Block::number);
    check(found != blocks_.end() && found->number == number, "block {} is not there", number);
    return *found;
}

void BlockStore::ask(int64_t number, int64_t now) {
    std::ranges::lower_bound(blocks_, number, {}, &Block::number)->asked = now;
}

Tensor BlockStore::in_memory(const Block& block, int layer) const {
    return place(block.host, layer);
}

void BlockStore::read(const Block& block, int layer, Tensor& to) const {
    file_->settle();
    file_->read(file_offset(block.disk, layer), {static_cast<std::byte*>(to.raw()), to.bytes()});
}

Tensor BlockStore::place(int host, int layer) const {
    return memory_.slice(host, host + 1)
        .reshape({layers_, layer_[0], layer_[1], layer_[2]})
        .slice(layer, layer + 1)
        .reshape(layer_);
}

int64_t BlockStore::file_offset(int disk, int layer) const {
    return (int64_t{disk} * layers_ + layer) * layer_.count() *
           static_cast<int64_t>(size_of(memory_.dtype()));
}

}  // namespace longtake::generator
