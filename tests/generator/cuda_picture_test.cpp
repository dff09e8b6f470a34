#include "tests/core/cuda_testing.h"
#include "tests/generator/picture_model.h"

// Takes of an image-to-video model on the GPU against the CPU.
namespace longtake::generator {
namespace {

TEST(CudaPicture, ATakeIsThatOfTheCpu) {
    LONGTAKE_NEEDS_GPU();
    for (const char* rule : {"ati", "wan-move"}) {
        const auto take = [&](Device device) {
            return picture_take(picture_model(rule, device), striped_picture(90), moving_point(10),
                                4);
        };
        const auto here = take(Device::Cpu), there = take(Device::Cuda);
        for (size_t i = 0; i < here.size(); ++i) {
            const float error = diffusion::max_difference(there[i].latents, here[i].latents) /
                                diffusion::max_abs(here[i].latents);
            EXPECT_LT(error, 1e-3F) << rule << ", chunk " << i;
        }
    }
}

TEST(CudaPicture, ARepeatedTakeIsTheSameInBf16) {
    LONGTAKE_NEEDS_GPU();
    const auto model = picture_model("ati", Device::Cuda, DType::BF16);
    const auto take = [&] { return picture_take(model, striped_picture(90), moving_point(10), 4); };
    EXPECT_TRUE(same_take(take(), take()));
}

}  // namespace
}  // namespace longtake::generator
