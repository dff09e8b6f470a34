#include "generator/control/prompt_timeline.h"

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "generator/control/time_text.h"

#include <algorithm>

namespace longtake::generator {
namespace {

std::string_view trim(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n\f\v";
    const size_t first = text.find_first_not_of(kBlank);
    return first == text.npos ? std::string_view{}
                              : text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// The length of "1m30s!" in "1m30s!: text": what stands before the ':' that ends a time. A ':'
// between digits belongs to the time. npos when the entry begins with no time.
size_t time_length(std::string_view entry) {
    const auto digit = [&](size_t i) {
        return i < entry.size() && entry[i] >= '0' && entry[i] <= '9';
    };
    if (!digit(0) && !(entry.starts_with('-') && digit(1))) {
        return entry.npos;
    }
    for (size_t i = 1; i < entry.size(); ++i) {
        if (entry[i] == ':' && !(digit(i - 1) && digit(i + 1))) {
            return i;
        }
        if (entry[i] == ' ' || entry[i] == '\t') {
            break;
        }
    }
    return entry.npos;
}

}  // namespace

PromptTimeline PromptTimeline::parse(std::string_view text) {
    PromptTimeline timeline;
    // A prompt without times is one prompt, whatever is in it.
    const bool timed = text.find('|') != text.npos || time_length(trim(text)) != text.npos;
    if (!timed) {
        timeline.add(text, "--prompt");
        return timeline;
    }
    for (size_t begin = 0, number = 1; begin <= text.size(); ++number) {
        const size_t end = std::min(text.find('|', begin), text.size());
        timeline.add(text.substr(begin, end - begin), fmt::format("--prompt, entry {}", number));
        begin = end + 1;
    }
    return timeline;
}

PromptTimeline PromptTimeline::read(const std::filesystem::path& path) {
    const std::string text = read_text(path);
    PromptTimeline timeline;
    std::string_view rest = text;
    if (rest.starts_with("\xEF\xBB\xBF")) {  // a byte order mark
        rest.remove_prefix(3);
    }
    for (int line = 1; !rest.empty(); ++line) {
        const size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view entry = trim(rest.substr(0, end));
        if (!entry.empty() && !entry.starts_with('#')) {
            timeline.add(entry, fmt::format("{}:{}", path.string(), line));
        }
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    check_input(!timeline.changes_.empty(),
                "{}: no prompt in it; write lines such as \"0s: a red ball\"", path.string());
    return timeline;
}

void PromptTimeline::write(const std::filesystem::path& path,
                           std::span<const PromptChange> changes) {
    AtomicFile file(path);
    for (const PromptChange& change : changes) {
        std::string text = change.text;
        std::ranges::replace_if(
            text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
        file.write(fmt::format("{:.3f}s{}: {}\n", change.seconds, change.cut ? "!" : "", text));
    }
    file.commit();
}

size_t PromptTimeline::at(double seconds) const {
    // Half a millisecond of grace, for times that are no binary fractions.
    const auto later =
        std::ranges::upper_bound(changes_, seconds + 5e-4, {}, &PromptChange::seconds);
    return static_cast<size_t>(std::max<std::ptrdiff_t>(0, later - changes_.begin() - 1));
}

void PromptTimeline::add(std::string_view entry, const std::string& where) {
    entry = trim(entry);
    PromptChange change;
    if (const size_t length = time_length(entry); length != entry.npos) {
        std::string_view time = entry.substr(0, length);
        change.cut = time.ends_with('!');
        time.remove_suffix(change.cut ? 1 : 0);
        const auto seconds = parse_time(time);
        check_input(seconds.has_value(), "{}: '{}' is not a time; write 90s, 1m30s or 01:30", where,
                    one_line(time));
        change.seconds = *seconds;
        entry = trim(entry.substr(length + 1));
    } else {
        check_input(changes_.empty(), "{}: no time before '{}'; write for example \"10s: {}\"",
                    where, one_line(entry), one_line(entry));
    }
    change.text = entry;
    check_input(!change.text.empty(), "{}: the prompt is empty", where);
    if (changes_.empty()) {
        check_input(change.seconds == 0, "{}: the first prompt begins at {}s; it must begin at 0s",
                    where, change.seconds);
    } else {
        check_input(change.seconds > changes_.back().seconds,
                    "{}: {}s does not come after {}s, the time of the prompt before", where,
                    change.seconds, changes_.back().seconds);
    }
    changes_.push_back(std::move(change));
}

}  // namespace longtake::generator
