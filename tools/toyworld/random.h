#pragma once

#include <stdint.h>

#include "tools/toyworld/host_device.h"

namespace longtake::toyworld {

// SplitMix64: the same numbers on every machine; `stream` separates independent uses of one seed.
class Random {
  public:
    LTW_HD explicit Random(uint64_t seed, uint64_t stream = 0)
        : state_(seed * 0x9E3779B97F4A7C15ull ^ (stream + 1) * 0xD1B54A32D192ED03ull) {
        next();
    }
    LTW_HD uint64_t next() {
        uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
        return z ^ (z >> 31);
    }
    LTW_HD float uniform() { return static_cast<float>(next() >> 40) * (1.0f / 16777216.0f); }
    LTW_HD float uniform(float lo, float hi) { return lo + (hi - lo) * uniform(); }
    LTW_HD int below(int n) { return static_cast<int>(uniform() * static_cast<float>(n)); }
    LTW_HD bool chance(float p) { return uniform() < p; }

  private:
    uint64_t state_;
};

}  // namespace longtake::toyworld
