#pragma once

#include "tests/tools/longtake_runner.h"

#include <fmt/format.h>

#include <fstream>

namespace longtake {

// The program's environment in which calls of a function from number `at` on fail (see
// failing_calls.cpp); none do where `at` is 0, and then counted_calls tells how many there were.
inline Subprocess::Options failing(const Runner& runner, const std::string& function, int at) {
    Subprocess::Options how = runner.options;
    how.environment["LD_PRELOAD"] = LONGTAKE_FAILING_CALLS;
    how.environment["LONGTAKE_FAIL"] = function;
    how.environment["LONGTAKE_FAIL_COUNT"] = (runner.folder / "calls").string();
    if (at > 0) {
        how.environment["LONGTAKE_FAIL_AT"] = std::to_string(at);
    }
    return how;
}

inline int counted_calls(const Runner& runner) {
    int calls = 0;
    std::ifstream(runner.folder / "calls") >> calls;
    return calls;
}

// What the program complained of: its one line, behind what it said of its progress.
inline std::string complaint(const Outcome& outcome) {
    const size_t line = outcome.err.rfind("longtake: ");
    return line == std::string::npos ? "nothing: " + outcome.err : outcome.err.substr(line);
}

}  // namespace longtake
