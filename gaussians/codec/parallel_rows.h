#pragma once

#include "core/parallel.h"

#include <algorithm>
#include <cstdint>

namespace longtake::gaussians {

// parallel_for of bodies of a few instructions: shares are of a thousand or more, so that a few do
// not wait for a team.
template <typename Body> void parallel_for_rows(int64_t count, Body&& body) {
    constexpr int64_t kShare = 1024;
    parallel_for((count + kShare - 1) / kShare, [&](int64_t share) {
        const int64_t end = std::min(count, (share + 1) * kShare);
        for (int64_t i = share * kShare; i < end; ++i) {
            body(i);
        }
    });
}

}  // namespace longtake::gaussians
