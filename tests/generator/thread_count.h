#pragma once

#include <omp.h>

namespace longtake {

// Runs what follows, to the end of the scope, on `count` threads.
class ThreadCount {
  public:
    explicit ThreadCount(int count) : before_(omp_get_max_threads()) { omp_set_num_threads(count); }
    ~ThreadCount() { omp_set_num_threads(before_); }
    ThreadCount(const ThreadCount&) = delete;
    ThreadCount& operator=(const ThreadCount&) = delete;

  private:
    int before_;
};

}  // namespace longtake
