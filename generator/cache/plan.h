#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace longtake::generator {

// Half-open range of frames, slots or tokens.
struct Range {
    int64_t begin = 0;
    int64_t end = 0;

    int64_t count() const { return end - begin; }
    bool operator==(const Range&) const = default;
};

// What is new with a chunk.
enum class Turn : uint8_t { None, Prompt, Cut };

// Where a chunk meets the cache. Frames are counted from the last fresh start.
struct Border {
    int64_t first_frame = 0;  // of the chunk
    int64_t frames = 0;       // of the chunk
    int64_t cached = 0;       // frames the cache holds
    Turn turn = Turn::None;
};

// Frames that leave blend into slots that stay: kept = kept + share * (leaving - kept), keys and
// values alike.
struct Fold {
    Range leaving;  // old slots
    Range into;     // old slots: of the head
    double share;
    // What leaves is first averaged over all its tokens; otherwise its first frame blends into the
    // first of `into` and so on around, token by token.
    bool averaged = false;

    bool operator==(const Fold&) const = default;
};

// Frames of the archive, a copy of the first ones, take the place of newer ones.
struct Replay {
    Range frames;    // of the archive
    bool backwards;  // the last frame first
    int64_t slot;    // new slot of the first

    bool operator==(const Replay&) const = default;
};

// A block that is complete: its number, the old slots that it is, its first frame.
struct StoredBlock {
    int64_t block = 0;
    Range slots = {};
    int64_t first_frame = 0;

    bool operator==(const StoredBlock&) const = default;
};

// Where blocks come back into the cache.
struct RecalledBlocks {
    Range slots = {};         // new ones, of the head
    int64_t outside = 0;      // blocks there are to choose from: 0, 1 ... of the take
    int64_t first_frame = 0;  // of block 0

    bool operator==(const RecalledBlocks&) const = default;
};

// Frames that leave as such: some of their tokens become slots of the front (downsampling.h).
struct Downsampled {
    Range frames = {};  // old slots
    int64_t place = 0;  // of the first, in a cycle

    bool operator==(const Downsampled&) const = default;
};

// What a policy does to the cache at one border: which slots stay (a slot plan) and which of them
// move in time (a position plan). In frames; the same for every layer, so that every length is
// known before any device work starts.
//
// The cache afterwards is [head | selected | middle | tail | chunk | foot].
struct Plan {
    int64_t len_before = 0;
    int64_t len_after = 0;
    Range head = {};        // old slots that stay
    Range middle = {};      // old slots that stay, behind the head's
    Range tail = {};        // old slots that stay, behind those
    bool fire = false;      // `top` frames' worth of tokens are selected
    Range candidates = {};  // old slots they are selected from
    int64_t top = 0;
    int64_t write_slot = 0;                    // first slot of the chunk
    int64_t foot = 0;                          // slots that stay behind the chunk
    std::optional<int64_t> first_slot = {};    // old slot of frame 0: a copy of it becomes the foot
    std::optional<int64_t> head_frame = {};    // new frame number of the head's first slot
    std::optional<int64_t> top_frame = {};     // new frame number of the first selected slot
    std::optional<int64_t> middle_frame = {};  // new frame number of the middle's first slot
    std::optional<int64_t> tail_frame = {};    // new frame number of the tail's first slot
    std::array<std::optional<Fold>, 2> folds = {};
    bool archive = false;  // the first slots are copied into the archive before anything moves
    std::optional<Replay> replay = {};
    std::optional<StoredBlock> stored = {};  // outside the cache, if it is not there yet
    std::optional<RecalledBlocks> recalled = {};
    std::optional<Downsampled> downsampled = {};

    bool operator==(const Plan&) const = default;
};

// Everything stays, the chunk follows.
inline Plan append(const Border& border) {
    return {.len_before = border.cached,
            .len_after = border.cached + border.frames,
            .head = {0, border.cached},
            .tail = {border.cached, border.cached},
            .write_slot = border.cached};
}

// The first `sink` slots stay; of the others the oldest make room until `window` slots are full.
inline Plan roll(const Border& border, int64_t window, int64_t sink) {
    const int64_t evicted = border.cached + border.frames - window;
    return {.len_before = border.cached,
            .len_after = window,
            .head = {0, sink},
            .tail = {sink + evicted, border.cached},
            .write_slot = window - border.frames};
}

// The first `sink` and the newest `recent` slots stay, and of those between as many tokens as fill
// up the window with the chunk; `touching`: everything follows in time as it does in the cache.
inline Plan select(const Border& border, int64_t window, int64_t sink, int64_t recent,
                   bool touching) {
    Plan plan = roll(border, window, sink);
    plan.fire = true;
    plan.tail = {border.cached - recent, border.cached};
    plan.candidates = {sink, plan.tail.begin};
    plan.top = window - border.frames - sink - recent;
    if (touching) {
        plan.head_frame = border.first_frame - plan.write_slot;
        plan.top_frame = *plan.head_frame + sink;
        plan.tail_frame = *plan.top_frame + plan.top;
    }
    return plan;
}

}  // namespace longtake::generator
