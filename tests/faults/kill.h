#pragma once

#include "tests/tools/subprocess.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace longtake {

// How often a test kills what it starts; LONGTAKE_KILLS says otherwise.
inline int kills() {
    const char* wanted = std::getenv("LONGTAKE_KILLS");
    return wanted != nullptr ? std::atoi(wanted) : 5;
}

// Random moments up to a while after a start, others in every run.
class Moments {
  public:
    explicit Moments(std::chrono::duration<double> longest) : seconds_(0, longest.count()) {}
    std::chrono::duration<double> next() {
        return std::chrono::duration<double>(seconds_(engine_));
    }

  private:
    std::mt19937 engine_{std::random_device{}()};
    std::uniform_real_distribution<double> seconds_;
};

// A program that is killed after this time: its end, by SIGKILL where it had not ended by then.
inline Outcome killed_after(const std::vector<std::string>& command,
                            const Subprocess::Options& options,
                            std::chrono::duration<double> time) {
    Subprocess process(command, options);
    std::this_thread::sleep_for(time);
    process.send(SIGKILL);
    return process.wait();
}

template <typename Work> std::chrono::duration<double> time_of(Work&& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::steady_clock::now() - start;
}

}  // namespace longtake
