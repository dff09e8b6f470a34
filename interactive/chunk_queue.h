#pragma once

#include "interactive/chunk_maker.h"

#include <condition_variable>
#include <mutex>
#include <optional>

namespace longtake::interactive {

// Between the thread that makes chunks and the one that shows them: room for one.
class ChunkQueue {
  public:
    // Until no chunk waits, or `close`: then false.
    bool wait_for_room();
    bool has_room() const;
    void push(MadeChunk chunk);
    // Nothing when none waits. Chunks of takes before `take` are dropped.
    std::optional<MadeChunk> pop(int64_t take);
    bool waiting() const { return !has_room(); }
    void close();

  private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<MadeChunk> chunk_;
    bool closed_ = false;
};

}  // namespace longtake::interactive
