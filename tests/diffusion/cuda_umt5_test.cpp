#include "core/safetensors.h"
#include "diffusion/models/umt5.h"
#include "diffusion/weights/key_map.h"
#include "tests/diffusion/cuda_testing.h"
#include "tests/diffusion/fixtures.h"

#include <filesystem>
#include <string>

namespace longtake::diffusion {
namespace {

Umt5Encoder tiny(DType compute, Umt5Encoder::Layers layers = Umt5Encoder::Layers::Kept) {
    return {Umt5Config::read(kFixtures / "tiny_umt5" / "config.json"),
            WeightMap::open(kFixtures / "tiny_umt5", umt5_from_original), compute, Device::Cuda,
            layers};
}

Tensor fixture(const std::string& name) {
    return SafetensorsFile::open(kFixtures / "tiny_umt5_rows.safetensors")->tensor(name);
}

TEST(CudaUmt5, EqualsTransformers) {
    LONGTAKE_NEEDS_GPU();
    for (const DType type : kTypes) {
        const Umt5Encoder model = tiny(type);
        for (const char* length : {"1", "2", "9", "48", "150"}) {
            const Tensor tokens = fixture(std::string("tokens_") + length);
            const Tensor rows = model.encode(tokens.values<int32_t>());
            EXPECT_LT(error_of(rows, fixture(std::string("rows_") + length)), bound(type))
                << length << " tokens in " << name_of(type);
        }
    }
}

TEST(CudaUmt5, StreamedEqualsKept) {
    LONGTAKE_NEEDS_GPU();
    const Tensor tokens = fixture("tokens_48");
    EXPECT_TRUE(
        same_bits(tiny(DType::BF16, Umt5Encoder::Layers::Streamed).encode(tokens.values<int32_t>()),
                  tiny(DType::BF16).encode(tokens.values<int32_t>())));
}

}  // namespace
}  // namespace longtake::diffusion
