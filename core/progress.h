#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

namespace longtake {

// Moves to the start of a terminal's line and clears it.
constexpr const char* kClearLine = "\r\033[K";

bool is_terminal(std::FILE* stream);

// How far a piece of work is, on one line: percentage, bar, rate, time left and free text. On a
// terminal the line is redrawn in place; elsewhere a plain line appears every tenth of the way or
// every 5 seconds.
class Progress {
  public:
    struct Options {
        std::string unit = "frames";
        std::FILE* stream = stderr;  // must outlive the Progress
        bool quiet = false;          // writes nothing at all
    };

    // `total` of 0 means that the end is not known.
    Progress(std::string what, int64_t total);
    Progress(std::string what, int64_t total, Options options);
    ~Progress();  // ends the line
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void advance(int64_t steps, std::string text = {});
    // Draws the last state and ends the line; further calls do nothing.
    void finish();

  private:
    using Clock = std::chrono::steady_clock;
    void draw(Clock::time_point now);

    std::string what_, text_;
    int64_t total_, done_ = 0, drawn_ = -1;
    Options options_;
    bool terminal_, finished_ = false;
    Clock::time_point start_, last_;
};

// The line itself; `width` columns at most, 0 for no limit and no bar.
std::string progress_line(const std::string& what, int64_t done, int64_t total, double seconds,
                          const std::string& unit, const std::string& text, size_t width);

}  // namespace longtake
