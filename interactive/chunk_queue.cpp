#include "interactive/chunk_queue.h"

#include <utility>

namespace longtake::interactive {

bool ChunkQueue::wait_for_room() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !chunk_; });
    return !closed_;
}

bool ChunkQueue::has_room() const {
    const std::lock_guard lock(mutex_);
    return !chunk_;
}

void ChunkQueue::push(MadeChunk chunk) {
    const std::lock_guard lock(mutex_);
    chunk_ = std::move(chunk);
}

std::optional<MadeChunk> ChunkQueue::pop(int64_t take) {
    std::optional<MadeChunk> chunk;
    {
        const std::lock_guard lock(mutex_);
        chunk = std::exchange(chunk_, std::nullopt);
    }
    changed_.notify_all();
    if (chunk && chunk->take < take) {
        chunk.reset();
    }
    return chunk;
}

void ChunkQueue::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    changed_.notify_all();
}

}  // namespace longtake::interactive
