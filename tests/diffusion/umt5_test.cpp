#include "diffusion/models/umt5.h"

#include "core/error.h"
#include "core/safetensors.h"
#include "diffusion/weights/key_map.h"
#include "tests/diffusion/fixtures.h"
#include "tests/diffusion/testing.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace longtake::diffusion {
namespace {

Umt5Encoder tiny_umt5(DType compute = DType::F32) {
    return {Umt5Config::read(kFixtures / "tiny_umt5" / "config.json"),
            WeightMap::open(kFixtures / "tiny_umt5", umt5_from_original), compute};
}

Tensor umt5_fixture(const std::string& name) {
    return SafetensorsFile::open(kFixtures / "tiny_umt5_rows.safetensors")->tensor(name);
}

TEST(Umt5, EqualsTransformers) {
    const Umt5Encoder model = tiny_umt5();
    for (const char* length : {"1", "2", "9", "48", "150"}) {
        const Tensor tokens = umt5_fixture(std::string("tokens_") + length);
        const Tensor rows = model.encode(tokens.values<int32_t>());
        const Tensor expected = umt5_fixture(std::string("rows_") + length);
        // Measured at most 1.7e-6.
        EXPECT_LT(max_difference(rows, expected), 1e-5F) << length << " tokens";
        EXPECT_GT(max_abs(expected), 1.F);
    }
}

TEST(Umt5, Bf16IsClose) {
    const Umt5Encoder model = tiny_umt5(DType::BF16);
    const Tensor rows = model.encode(umt5_fixture("tokens_48").values<int32_t>());
    const Tensor expected = umt5_fixture("rows_48");
    EXPECT_LT(max_difference(rows, expected), 2e-2F * max_abs(expected));  // measured 4.5e-3
}

TEST(Umt5, StreamedEqualsKept) {
    const Umt5Encoder kept = tiny_umt5();
    const Umt5Encoder streamed(Umt5Config::read(kFixtures / "tiny_umt5" / "config.json"),
                               WeightMap::open(kFixtures / "tiny_umt5", umt5_from_original),
                               DType::F32, Device::Cpu, Umt5Encoder::Layers::Streamed);
    EXPECT_TRUE(streamed.streamed() && !kept.streamed());
    const Tensor tokens = umt5_fixture("tokens_48");
    for (int again = 0; again < 2; ++again) {
        EXPECT_TRUE(same_bits(streamed.encode(tokens.values<int32_t>()),
                              kept.encode(tokens.values<int32_t>())));
    }
}

TEST(Umt5, ReadsTheOriginalNames) {
    const Tensor tokens = umt5_fixture("tokens_9");
    const Umt5Encoder model(
        Umt5Config::read(kFixtures / "tiny_umt5" / "config.json"),
        WeightMap::open(kFixtures / "tiny_umt5_original.safetensors", umt5_from_original),
        DType::F32);
    EXPECT_TRUE(same_bits(model.encode(tokens.values<int32_t>()),
                          tiny_umt5().encode(tokens.values<int32_t>())));
}

TEST(Umt5, BucketsEqualTransformers) {
    const Tensor buckets = umt5_fixture("buckets");  // of -600 ... 600
    for (int64_t distance = -600; distance <= 600; ++distance) {
        EXPECT_EQ(relative_position_bucket(distance, 32, 128),
                  buckets.data<int32_t>()[distance + 600])
            << "distance " << distance;
    }
    EXPECT_EQ(relative_position_bucket(-7, 32, 128), 7);
    EXPECT_EQ(relative_position_bucket(-8, 32, 128), 8);
    EXPECT_EQ(relative_position_bucket(-16, 32, 128), 10);
    EXPECT_EQ(relative_position_bucket(-127, 32, 128), 15);
    EXPECT_EQ(relative_position_bucket(128, 32, 128), 31);
    EXPECT_EQ(relative_position_bucket(511, 32, 128), 31);
}

TEST(Umt5, RefusesTokensItDoesNotKnow) {
    const Umt5Encoder model = tiny_umt5();
    EXPECT_THROW(model.encode({}), Error);
    for (const int32_t token : {-1, static_cast<int32_t>(model.config().vocabulary)}) {
        EXPECT_THROW(model.encode({&token, 1}), Error);
    }
}

}  // namespace
}  // namespace longtake::diffusion
