#include "core/progress.h"

#include <fmt/format.h>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace longtake {
namespace {

constexpr auto kRedraw = std::chrono::milliseconds(100);
constexpr auto kPlainLine = std::chrono::seconds(5);
constexpr int64_t kBar = 24;  // columns

std::string duration(double seconds) {
    const int64_t s = std::llround(seconds);
    return s < 3600 ? fmt::format("{}:{:02}", s / 60, s % 60)
                    : fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

size_t columns(std::FILE* stream) {
    winsize size{};
    return ::ioctl(::fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

bool is_terminal(std::FILE* stream) {
    return ::isatty(::fileno(stream)) == 1;
}

std::string progress_line(const std::string& what, int64_t done, int64_t total, double seconds,
                          const std::string& unit, const std::string& text, size_t width) {
    const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0.0;
    std::string line = what;
    if (total > 0) {
        const int64_t at = std::min(done, total);
        line += fmt::format(" {:3}%", 100 * at / total);
        if (width > 0) {
            const auto filled = static_cast<size_t>(kBar * at / total);
            line += " [" + std::string(filled, '=') +
                    std::string(static_cast<size_t>(kBar) - filled, ' ') + "]";
        }
        line += fmt::format(" {}/{} {}", done, total, unit);
    } else {
        line += fmt::format(" {} {}", done, unit);
    }
    line += fmt::format(", {:.1f}/s", rate);
    if (total > done && rate > 0) {
        line += fmt::format(", {} left", duration(static_cast<double>(total - done) / rate));
    } else {
        line += fmt::format(", {}", duration(seconds));
    }
    if (!text.empty()) {
        line += "  " + text;
    }
    if (width > 0 && line.size() >= width) {
        line.resize(width - 1);
    }
    return line;
}

Progress::Progress(std::string what, int64_t total) : Progress(std::move(what), total, Options()) {}

Progress::Progress(std::string what, int64_t total, Options options)
    : what_(std::move(what)),
      total_(total),
      options_(std::move(options)),
      terminal_(!options_.quiet && is_terminal(options_.stream)),
      start_(Clock::now()),
      last_(start_) {}

Progress::~Progress() {
    finish();
}

void Progress::advance(int64_t steps, std::string text) {
    done_ += steps;
    text_ = std::move(text);
    if (options_.quiet || finished_) {
        return;
    }
    const Clock::time_point now = Clock::now();
    const bool tenth =
        total_ > 0 && 10 * done_ / total_ != 10 * std::max<int64_t>(drawn_, 0) / total_;
    if (terminal_ ? drawn_ < 0 || now - last_ >= kRedraw : tenth || now - last_ >= kPlainLine) {
        draw(now);
    }
}

void Progress::finish() {
    if (std::exchange(finished_, true) || options_.quiet) {
        return;
    }
    if (terminal_ || drawn_ != done_) {
        draw(Clock::now());
    }
    if (terminal_) {
        std::fputc('\n', options_.stream);
    }
    std::fflush(options_.stream);
}

void Progress::draw(Clock::time_point now) {
    const double seconds = std::chrono::duration<double>(now - start_).count();
    const std::string line = progress_line(what_, done_, total_, seconds, options_.unit, text_,
                                           terminal_ ? columns(options_.stream) : 0);
    std::fputs((terminal_ ? kClearLine + line : line + "\n").c_str(), options_.stream);
    std::fflush(options_.stream);
    drawn_ = done_;
    last_ = now;
}

}  // namespace longtake
