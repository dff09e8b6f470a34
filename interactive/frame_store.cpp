#include "interactive/frame_store.h"

#include <algorithm>
#include <atomic>

namespace longtake::interactive {

Tensor FrameStore::keep(const Tensor& frames) {
    const auto is_free = [](const Block& block) { return block.memory.use_count() == 1; };
    const auto fits = [&](const Block& block) {
        return block.device == frames.device() && block.bytes == frames.bytes();
    };
    auto block =
        std::ranges::find_if(blocks_, [&](const Block& b) { return is_free(b) && fits(b); });
    if (block == blocks_.end()) {
        std::erase_if(blocks_, is_free);  // of another size
        blocks_.push_back(
            {allocate(frames.bytes(), frames.device()), frames.device(), frames.bytes()});
        block = std::prev(blocks_.end());
    }
    std::atomic_thread_fence(std::memory_order_acquire);  // after the last use of who held it
    copy_bytes(block->memory.get(), frames.device(), frames.raw(), frames.device(), frames.bytes());
    return Tensor::share(block->memory, block->memory.get(), frames.shape(), frames.dtype(),
                         frames.device());
}

}  // namespace longtake::interactive
