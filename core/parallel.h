#pragma once

#include <cstdint>

#include <omp.h>

namespace longtake {

// Number of worker threads a parallel region uses. One pool serves everything: oneDNN runs on
// the same OpenMP threads, so nothing is oversubscribed.
inline int thread_count() {
    return omp_get_max_threads();
}

// Calls body(i) for i in [0, count) on all threads, in contiguous static shares, so that the
// result of a body that writes only its own index does not depend on the number of threads. In the
// body of another one all of it is that thread's own work.
template <typename Body> void parallel_for(int64_t count, Body&& body) {
    if (count == 1 || omp_in_parallel()) {  // without a team, for which libgomp would allocate
        for (int64_t i = 0; i < count; ++i) {
            body(i);
        }
        return;
    }
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < count; ++i) {
        body(i);
    }
}

}  // namespace longtake
