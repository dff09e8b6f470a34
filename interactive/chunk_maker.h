#pragma once

#include "core/tensor.h"
#include "generator/cache/cache_contents.h"
#include "generator/session.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace longtake::interactive {

// A chunk on its way to the screen.
struct MadeChunk {
    Tensor frames;  // [T, H, W, 3] of 8-bit sRGB, the chunk's own
    Tensor on_gpu;  // the same for who draws there; empty: nobody does
    generator::Receipt receipt;
    int64_t take = 0;          // ControlQueue::takes it belongs to
    int64_t revision = 0;      // of the last control that took effect
    std::string prompt;        // in force
    generator::Tracks motion;  // that its frames were asked to follow
    std::vector<generator::CacheSlot> cache;
    double finalize_ms = 0;               // of the chunk before
    double seconds = 0;                   // that making it took, clean pass included
    std::vector<std::string> complaints;  // about controls that could not be followed
};

// What makes chunks: a take of the model, or a stand-in.
class ChunkMaker {
  public:
    ChunkMaker() = default;
    virtual ~ChunkMaker() = default;
    ChunkMaker(const ChunkMaker&) = delete;
    ChunkMaker& operator=(const ChunkMaker&) = delete;

    // Takes up the controls that wait and makes a chunk; nothing when `stop`, or a new take that
    // was asked for meanwhile, ended it. InputError: it cannot go on until another control comes.
    virtual std::optional<MadeChunk> make(const generator::Stop& stop) = 0;
    // What remains to be done once the frames have left.
    virtual void finish() = 0;
};

}  // namespace longtake::interactive
