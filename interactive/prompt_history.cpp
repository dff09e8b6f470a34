#include "interactive/prompt_history.h"

#include <algorithm>
#include <utility>

namespace longtake::interactive {
namespace {

constexpr size_t kKept = 100;

}  // namespace

void PromptHistory::add(const std::string& prompt) {
    std::erase(prompts_, prompt);
    prompts_.push_back(prompt);
    if (prompts_.size() > kKept) {
        prompts_.erase(prompts_.begin());
    }
    at_ = prompts_.size();
}

std::string PromptHistory::move(int by, const std::string& typed) {
    if (at_ == prompts_.size()) {
        typed_ = typed;
    }
    if (by < 0 && at_ > 0) {
        --at_;
    } else if (by > 0 && at_ < prompts_.size()) {
        ++at_;
    }
    return at_ < prompts_.size() ? prompts_[at_] : typed_;
}

void PromptHistory::set(std::vector<std::string> prompts) {
    prompts_ = std::move(prompts);
    at_ = prompts_.size();
}

}  // namespace longtake::interactive
