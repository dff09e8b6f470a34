#pragma once

#include "tests/tools/subprocess.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace longtake {

inline bool is_installed(const std::string& program) {
    return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

inline bool comes_true(const std::function<bool()>& condition, int seconds = 40) {
    for (int i = 0; i < 20 * seconds; ++i) {
        if (condition()) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
}

// A screen in memory (Xvfb) and hands for its mouse and keyboard (xdotool).
class Display {
  public:
    // Nothing where the programs are missing or no screen comes up.
    static std::unique_ptr<Display> open() {
        if (!is_installed("Xvfb") || !is_installed("xdotool")) {
            return nullptr;
        }
        std::unique_ptr<Display> display(new Display);
        return display->start() ? std::move(display) : nullptr;
    }

    const std::string& name() const { return name_; }
    // `command` as xdotool takes it; true when it could be done.
    bool act(const std::string& command) const {
        return std::system(
                   ("DISPLAY=" + name_ + " xdotool " + command + " >/dev/null 2>&1").c_str()) == 0;
    }

  private:
    Display() = default;

    // Xvfb picks a free number itself and writes it to the pipe when it is ready.
    bool start() {
        int ends[2];
        if (::pipe(ends) != 0) {
            return false;
        }
        Subprocess::Options options;
        options.before_exec = [write_end = ends[1]] { ::dup2(write_end, 9); };
        server_ = std::make_unique<Subprocess>(
            std::vector<std::string>{"Xvfb", "-displayfd", "9", "-screen", "0", "1400x900x24",
                                     "-nolisten", "tcp"},
            options);
        ::close(ends[1]);
        char text[16] = {};
        pollfd ready{ends[0], POLLIN, 0};
        const bool came = ::poll(&ready, 1, 15'000) == 1 && ::read(ends[0], text, 15) > 0;
        ::close(ends[0]);
        name_ = ":" + std::to_string(std::atoi(text));
        return came;
    }

    std::unique_ptr<Subprocess> server_;
    std::string name_;
};

}  // namespace longtake
