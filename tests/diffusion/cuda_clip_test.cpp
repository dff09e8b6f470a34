#include "core/safetensors.h"
#include "diffusion/models/clip_vision.h"
#include "diffusion/weights/model_folder.h"
#include "tests/diffusion/cuda_testing.h"
#include "tests/diffusion/fixtures.h"

namespace longtake::diffusion {
namespace {

TEST(CudaClip, EqualsTransformers) {
    LONGTAKE_NEEDS_GPU();
    const auto part = *ModelFolder::find(kFixtures / "tiny_clip").image_encoder;
    const WeightMap weights = part.open();
    const auto file = SafetensorsFile::open(kFixtures / "tiny_clip_picture.safetensors");
    for (const DType type : kTypes) {
        const ClipVision model(ClipVisionConfig::of(weights, part.config), weights, type,
                               Device::Cuda);
        EXPECT_LT(error_of(model.encode(file->tensor("picture")), file->tensor("gelu")),
                  bound(type))
            << name_of(type);
    }
}

}  // namespace
}  // namespace longtake::diffusion
