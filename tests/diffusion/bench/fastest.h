#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>

namespace longtake::diffusion {

// Runs `work` as often as asked; the seconds of the fastest time: on a machine that others use, the
// one that says something about the code.
template <typename Work> double fastest(benchmark::State& state, Work&& work) {
    using Clock = std::chrono::steady_clock;
    double best = 1e30;
    for (auto _ : state) {
        const auto begin = Clock::now();
        work();
        best = std::min(best, std::chrono::duration<double>(Clock::now() - begin).count());
    }
    return best;
}

}  // namespace longtake::diffusion
