#include "diffusion/models/depth_head.h"

#include "core/error.h"
#include "core/safetensors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace longtake::diffusion {
namespace {

constexpr const char* kFile = LONGTAKE_TEST_FIXTURES "/depth_head.safetensors";

TEST(DepthHead, IsPyTorchs) {
    const auto head = std::make_shared<DepthHead>(WeightMap::open(kFile));
    const auto file = SafetensorsFile::open(kFile);
    const Tensor latent = file->tensor("latent"), expected = file->tensor("depth");
    DepthHead::State state(head, latent.extent(2), latent.extent(3));
    for (int run = 0; run < 2; ++run) {  // nothing is left over from the first
        const Tensor depth = state.run(latent);
        ASSERT_EQ(depth.shape(), expected.shape());
        float worst = 0;
        for (int64_t i = 0; i < depth.count(); ++i) {
            worst = std::max(worst, std::abs(depth.data<float>()[i] - expected.data<float>()[i]));
        }
        EXPECT_LT(worst, 1e-5F);
    }
}

TEST(DepthHead, RefusesALatentOfAnotherSize) {
    const auto head = std::make_shared<DepthHead>(WeightMap::open(kFile));
    DepthHead::State state(head, 6, 10);
    EXPECT_THROW(state.run(Tensor({1, 4, 6, 9}, DType::F32)), Error);
    EXPECT_EQ(head->latent_channels(), 4);
}

}  // namespace
}  // namespace longtake::diffusion
