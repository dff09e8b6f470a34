#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace longtake {

// Anything that went wrong inside: a command ends with exit code 1.
class Error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// The user's input is wrong, or the output cannot go where it should: one line that names the file
// or option and the mend; exit code 2.
class InputError : public Error {
  public:
    using Error::Error;
};

// There is not enough memory for something.
class OutOfMemory : public Error {
  public:
    using Error::Error;
};

template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
    throw Error(fmt::format(format, std::forward<Args>(args)...));
}

template <typename... Args>
[[noreturn]] void fail_input(fmt::format_string<Args...> format, Args&&... args) {
    throw InputError(fmt::format(format, std::forward<Args>(args)...));
}

// Programming contracts: throws Error with the message when `condition` does not hold.
template <typename... Args>
void check(bool condition, fmt::format_string<Args...> format, Args&&... args) {
    if (!condition) {
        throw Error(fmt::format(format, std::forward<Args>(args)...));
    }
}

// What the user gave: throws InputError when `condition` does not hold.
template <typename... Args>
void check_input(bool condition, fmt::format_string<Args...> format, Args&&... args) {
    if (!condition) {
        throw InputError(fmt::format(format, std::forward<Args>(args)...));
    }
}

// Runs `work`; where memory does not suffice for it, says what for and what to change.
template <typename Work>
decltype(auto) within_memory(std::string_view part, std::string_view mend, Work&& work) {
    try {
        return std::forward<Work>(work)();
    } catch (const OutOfMemory& e) {
        fail_input("{}: {}; {}", part, e.what(), mend);
    }
}

}  // namespace longtake
