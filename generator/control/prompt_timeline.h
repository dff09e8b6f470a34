#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace longtake::generator {

// What to show from a time on.
struct PromptChange {
    double seconds = 0;
    std::string text;
    bool cut = false;  // a hard cut: the take forgets what was before
};

// Prompts over time, in order, the first at 0. Changes are numbered from 0.
class PromptTimeline {
  public:
    // "a red ball" or "0s: a red ball | 10s: a blue cube | 20s!: night", '!' marks a hard cut.
    // The first entry may leave its time out. InputError names the entry that is wrong.
    static PromptTimeline parse(std::string_view text);
    // One entry per line; empty lines and lines that begin with '#' do not count.
    static PromptTimeline read(const std::filesystem::path& path);
    // Such a file, of changes in order.
    static void write(const std::filesystem::path& path, std::span<const PromptChange> changes);

    std::span<const PromptChange> changes() const { return changes_; }
    // The number of the change in force in a chunk that begins at `seconds`.
    size_t at(double seconds) const;

  private:
    // `where` names an entry in complaints; entries are numbered from 1.
    void add(std::string_view entry, const std::string& where);

    std::vector<PromptChange> changes_;
};

}  // namespace longtake::generator
