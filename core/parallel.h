#pragma once

#include <cstdint>

#include <omp.h>

namespace longtake {

// Number of worker threads a parallel region uses. One pool serves everything: oneDNN runs on
// the same OpenMP threads, so nothing is oversubscribed.
inline int thread_count() { return omp_get_max_threads(); }

// Calls body(i) for i in [0, count) on all threads, in contiguous static shares, so that the
// result of a body that writes only its own index does not depend on the number of threads.
template <typename Body> void parallel_for(int64_t count, Body&& body) {
    if (count == 1) {  // without a team: libgomp allocates one whenever its size changes
        return body(0);
    }
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < count; ++i) {
        body(i);
    }
}

}  // namespace longtake
