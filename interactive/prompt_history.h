#pragma once

#include <string>
#include <vector>

namespace longtake::interactive {

// Prompts that were sent, to be called back with the arrow keys.
class PromptHistory {
  public:
    void add(const std::string& prompt);
    // The one before (-1) or after (+1) what is shown; what was being typed comes back at the end.
    std::string move(int by, const std::string& typed);

    const std::vector<std::string>& prompts() const { return prompts_; }  // newest last
    void set(std::vector<std::string> prompts);

  private:
    std::vector<std::string> prompts_;
    size_t at_ = 0;  // prompts_.size(): what is being typed
    std::string typed_;
};

}  // namespace longtake::interactive
