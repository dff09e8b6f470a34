#include "generator/cache/cache_contents.h"

#include "core/error.h"

#include <numeric>

namespace longtake::generator {
namespace {

// Frames that the policy never lets go: what it keeps in front when its window is full.
int64_t sink_frames(const CachePolicy& policy, int64_t chunk) {
    const int64_t window = policy.window();
    const Plan full = policy.plan({window, chunk, window});
    const int64_t head = full.downsampled ? 0
                         : full.recalled  ? full.recalled->slots.begin
                                          : full.head.count();
    return full.len_after <= window ? head : 0;
}

}  // namespace

void CacheContents::follow(const CacheMemory& memory) {
    const Plan& plan = memory.plan();
    const auto chunk = static_cast<int64_t>(memory.query_positions().size());
    const int64_t sink = sink_frames(memory.policy(), chunk);
    if (plan.len_before == 0) {
        reset();
    }
    if (memory.policy().rebuilds()) {  // of what the chunk before left the newest were read again
        slots_.erase(slots_.begin(), slots_.end() - plan.len_before);
    }
    if (unused_ + std::ssize(slots_) !=
        plan.len_before) {  // it was re-anchored: made afresh of these
        reset();
        for (int64_t frame = 0; frame < plan.len_before; ++frame) {
            slots_.push_back({SlotKind::Recent, frame, 0});
        }
    }
    const std::vector<double> numbers = memory.frame_numbers(0);
    const auto tokens = static_cast<std::ptrdiff_t>(memory.tokens_per_frame());
    std::vector<CacheSlot> slots;
    int64_t unused = plan.len_before == 0 ? plan.write_slot : 0;
    const auto place = [&](SlotKind kind, int64_t frame) {
        const auto first = numbers.begin() + (unused + std::ssize(slots)) * tokens;
        slots.push_back(
            {kind, frame,
             std::accumulate(first, first + tokens, 0.0) / static_cast<double>(tokens)});
    };
    const auto stay = [&](const Range& range) {
        for (int64_t i = range.begin; i < range.end; ++i) {
            if (i < unused_) {
                ++unused;
                continue;
            }
            const CacheSlot& old = slots_[static_cast<size_t>(i - unused_)];
            const bool first = std::ssize(slots) < sink;
            place(first || old.kind == SlotKind::Sink ? SlotKind::Sink
                  : old.frame < 0                     ? SlotKind::Kept
                                                      : SlotKind::Recent,
                  old.frame);
        }
    };
    stay(plan.head);
    for (int64_t i = 0; i < plan.top; ++i) {
        place(SlotKind::Kept, -1);
    }
    stay(plan.middle);
    stay(plan.tail);
    const auto last = numbers.end() - plan.foot * tokens - 1;  // of the chunk
    for (int64_t i = 0; i < chunk; ++i) {
        place(SlotKind::Current, static_cast<int64_t>(*last) + 1 - chunk + i);
    }
    for (int64_t i = 0; i < plan.foot; ++i) {
        place(SlotKind::Sink, i);
    }
    for (const std::optional<Fold>& fold : plan.folds) {
        for (int64_t i = 0; fold && fold->averaged && i < fold->into.count(); ++i) {
            CacheSlot& slot = slots[static_cast<size_t>(fold->into.begin + i)];
            slot.kind = SlotKind::Kept;
            slot.frame = -1;
        }
    }
    if (const auto& replay = plan.replay) {
        for (int64_t i = 0; i < replay->frames.count(); ++i) {
            CacheSlot& slot = slots[static_cast<size_t>(replay->slot + i)];
            slot.kind = SlotKind::Sink;
            slot.frame = replay->backwards ? replay->frames.end - 1 - i : replay->frames.begin + i;
        }
    }
    if (plan.recalled) {
        const Recall& recall = *memory.recall();
        const int64_t frames = recall.settings().block_frames;
        const int64_t span = recall.settings().block_span;
        for (int64_t i = 0; i < plan.recalled->slots.count(); ++i) {
            CacheSlot& slot = slots[static_cast<size_t>(plan.recalled->slots.begin + i)];
            slot.kind = SlotKind::Recalled;
            slot.frame =
                recall.first_frame_of(recall.block_at(0, i / frames)) + i % frames * span / frames;
        }
    }
    for (int64_t i = 0; plan.downsampled && i < Downsampling::kSlots; ++i) {
        slots[static_cast<size_t>(i)].kind = SlotKind::Kept;
        slots[static_cast<size_t>(i)].frame = -1;
    }
    slots_ = std::move(slots);
    unused_ = unused;
}

}  // namespace longtake::generator
