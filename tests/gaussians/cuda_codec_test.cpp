#include "core/device.h"
#include "tests/core/cuda_testing.h"
#include "tests/gaussians/fixed_testing.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace longtake::gaussians {
namespace {

TEST(CudaCodec, TakesAFrameToTheBitsOfTheCpu) {
    LONGTAKE_NEEDS_GPU();
    const FixedCloud before = random_fixed(5000, 1);
    const Residual residual = random_residual(before, 2);
    const FixedCloud after = advance(before, residual),
                     there = advance(before.to(Device::Cuda), residual.to(Device::Cuda));
    EXPECT_EQ(there.device(), Device::Cuda);
    EXPECT_TRUE(same(after, there));
    const Cloud cloud = to_cloud(after), cloud_there = to_cloud(there).to(Device::Cpu);
    for (std::size_t i = 0; i < Cloud::kColumns; ++i) {
        EXPECT_TRUE(std::ranges::equal(cloud.columns()[i]->values<float>(),
                                       cloud_there.columns()[i]->values<float>()))
            << "column " << i;
    }
}

}  // namespace
}  // namespace longtake::gaussians
