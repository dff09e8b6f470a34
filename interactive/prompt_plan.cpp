#include "interactive/prompt_plan.h"

#include <algorithm>
#include <utility>

namespace longtake::interactive {
namespace {

constexpr double kApart = 0.05;  // seconds between two changes, at least
constexpr double kSlack = 5e-4;  // for times that are no binary fractions, as PromptTimeline has

}  // namespace

size_t PromptPlan::add(Change change, double earliest) {
    change.seconds = std::max(change.seconds, earliest + kApart);
    auto at = std::ranges::lower_bound(planned_, change.seconds, {}, &Change::seconds);
    while (at != planned_.end() && at->seconds - change.seconds < kApart) {
        change.seconds = at->seconds + kApart;
        ++at;
    }
    at = planned_.insert(at, std::move(change));
    return static_cast<size_t>(at - planned_.begin());
}

size_t PromptPlan::edit(size_t i, Change change, double earliest) {
    if (change.seconds == planned_[i].seconds) {
        planned_[i] = std::move(change);
        return i;
    }
    remove(i);
    return add(std::move(change), earliest);
}

void PromptPlan::remove(size_t i) {
    planned_.erase(planned_.begin() + static_cast<std::ptrdiff_t>(i));
}

void PromptPlan::took_effect(double seconds, const std::string& prompt, bool cut) {
    std::erase_if(planned_, [&](const Change& c) { return c.seconds <= seconds + kSlack; });
    if (past_.empty() || past_.back().text != prompt || cut) {
        past_.push_back({seconds, prompt, cut});
    }
}

void PromptPlan::rewind() {
    past_.insert(past_.end(), planned_.begin(), planned_.end());
    planned_ = std::exchange(past_, {});
}

}  // namespace longtake::interactive
