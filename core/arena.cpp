#include "core/arena.h"

#include "core/device.h"
#include "core/error.h"

#include <algorithm>
#include <utility>

namespace longtake {
namespace {

size_t round_up(size_t bytes) {
    return (std::max<size_t>(bytes, 1) + Arena::kAlignment - 1) / Arena::kAlignment *
           Arena::kAlignment;
}

}  // namespace

Arena::Arena(Device device)
    : Arena(device, [device](size_t bytes) { return longtake::allocate(bytes, device); }) {}

Arena::Arena(Device device, Allocator allocator)
    : device_(device), allocator_(std::move(allocator)) {}

Tensor Arena::allocate(const Shape& shape, DType dtype) {
    const size_t needed = round_up(static_cast<size_t>(shape.count()) * size_of(dtype));
    if (mark_.used == 0 && blocks_.size() > 1) {  // learnt enough: one block for everything
        reserve(high_water_);
    }
    if (blocks_.empty() || mark_.offset + needed > blocks_[mark_.block].size) {
        const size_t next = blocks_.empty() ? 0 : mark_.block + 1;
        if (next == blocks_.size() || blocks_[next].size < needed) {
            grow(std::max(needed, bytes() / 4), next);
        }
        mark_ = {next, 0, mark_.used};
    }
    auto* data = static_cast<std::byte*>(blocks_[mark_.block].data.get()) + mark_.offset;
    mark_.offset += needed;
    mark_.used += needed;
    high_water_ = std::max(high_water_, mark_.used);
    return Tensor::view(data, shape, dtype, device_);
}

void Arena::reserve(size_t bytes) {
    check(mark_.used == 0, "reserve on an arena that is in use");
    if (blocks_.size() != 1 || blocks_[0].size < bytes) {
        blocks_.clear();
        grow(bytes, 0);
    }
}

size_t Arena::bytes() const {
    size_t sum = 0;
    for (const Block& block : blocks_) {
        sum += block.size;
    }
    return sum;
}

void Arena::grow(size_t bytes, size_t position) {
    const size_t size = round_up(bytes);
    blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(position),
                   Block{allocator_(size), size});
    ++growths_;
}

}  // namespace longtake
