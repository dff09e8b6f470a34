#include <gtest/gtest.h>
#include <omp.h>

namespace {

// Models here are so small that threads only wait for each other. Tests that are about threads
// say so (ThreadCount).
class OneThread : public ::testing::Environment {
  public:
    void SetUp() override { omp_set_num_threads(1); }
};

const auto* const one_thread = ::testing::AddGlobalTestEnvironment(new OneThread);

}  // namespace
