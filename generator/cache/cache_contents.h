#pragma once

#include "generator/cache/cache_memory.h"

#include <cstdint>
#include <span>
#include <vector>

namespace longtake::generator {

// What a frame of the cache is there for.
enum class SlotKind : uint8_t {
    Sink,      // one of the first frames, kept for ever or brought back
    Recalled,  // had left and is back; which frames, every layer chooses: this is the first one's
    Kept,      // of several frames: the tokens that the newest looked at most, or an average
    Recent,    // one of the newest frames
    Current,   // of the chunk being made
};

struct CacheSlot {
    SlotKind kind;
    int64_t frame;    // latent frame of the take since its last fresh start; of Kept: -1
    double position;  // where in time the model sees it, in latent frames; of Kept: the mean
};

// Follows what a cache remembers, frame by frame, for those who want to look.
class CacheContents {
  public:
    // After every chunk: the plan that was carried out for it, and where everything stands now.
    void follow(const CacheMemory& memory);
    void reset() {
        slots_.clear();
        unused_ = 0;
    }

    std::span<const CacheSlot> slots() const { return slots_; }

  private:
    std::vector<CacheSlot> slots_;
    int64_t unused_ = 0;  // slots in front that hold nothing yet, and are not among those
};

}  // namespace longtake::generator
