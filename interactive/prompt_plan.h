#pragma once

#include "generator/control/prompt_timeline.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace longtake::interactive {

// The prompts of a take over time: what has taken effect, which nothing changes any more, and what
// is planned, which may be edited while the take runs. Both in order.
class PromptPlan {
  public:
    using Change = generator::PromptChange;

    std::span<const Change> past() const { return past_; }
    std::span<const Change> planned() const { return planned_; }
    bool empty() const { return past_.empty() && planned_.empty(); }

    // All return where the change stands afterwards. Times are moved behind `earliest`, the end of
    // what has been made.
    size_t add(Change change, double earliest);
    size_t edit(size_t i, Change change, double earliest);
    void remove(size_t i);
    void clear_planned() { planned_.clear(); }
    void set_planned(std::vector<Change> changes) { planned_ = std::move(changes); }

    // A chunk that begins at `seconds` has begun to show `prompt`: planned changes up to then are
    // done.
    void took_effect(double seconds, const std::string& prompt, bool cut);
    // A new take: all that was becomes planned again.
    void rewind();

  private:
    std::vector<Change> past_, planned_;
};

}  // namespace longtake::interactive
