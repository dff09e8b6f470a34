#include "diffusion/models/track_encoder.h"

#include "core/error.h"
#include "core/safetensors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace longtake::diffusion {
namespace {

// The points of tests/fixtures/make_track_fixtures.py, and what PyTorch's convolutions make of
// them: with our weights and WanTrack's.
class TrackEncoderTest : public ::testing::TestWithParam<const char*> {
  protected:
    TrackEncoderTest() : encoder_(WeightMap::open(path())) {
        const auto file = SafetensorsFile::open(path());
        expected_ = file->tensor("map");
        const Tensor places = file->tensor("places"), visible = file->tensor("visible");
        const Tensor ids = file->tensor("ids");
        for (int64_t t = 0, i = 0; t < places.extent(0); ++t) {
            frames_.emplace_back();
            for (int64_t n = 0; n < places.extent(1); ++n, ++i) {
                if (visible.data<uint8_t>()[i] != 0) {
                    frames_.back().push_back({ids.data<int32_t>()[n], places.data<float>()[2 * i],
                                              places.data<float>()[2 * i + 1]});
                }
            }
        }
    }
    static std::string path() {
        return std::string(LONGTAKE_TEST_FIXTURES "/tracks/") + GetParam() + ".safetensors";
    }
    Tensor map_of(int64_t first_frame, int64_t frames, int64_t latents) const {
        Tensor map(expected_.shape().with(0, latents), DType::F32);
        encoder_.encode(std::span(frames_).subspan(static_cast<size_t>(first_frame),
                                                   static_cast<size_t>(frames)),
                        map);
        return map;
    }

    TrackEncoder encoder_;
    Tensor expected_;  // [6, 16, 6, 8]
    std::vector<std::vector<TrackedPoint>> frames_;
};

TEST_P(TrackEncoderTest, IsADenseMapConvolved) {
    const Tensor map = map_of(0, 21, 6);
    float worst = 0;
    for (int64_t i = 0; i < map.count(); ++i) {
        worst = std::max(worst, std::abs(map.data<float>()[i] - expected_.data<float>()[i]));
    }
    EXPECT_LT(worst, 1e-5F);  // measured: 9.5e-7; values reach 3
}

TEST_P(TrackEncoderTest, ChunkByChunkItIsTheSameBits) {
    const Tensor whole = map_of(0, 21, 6);
    const Tensor first = map_of(0, 9, 3), second = map_of(9, 12, 3);
    EXPECT_TRUE(std::ranges::equal(first.values<float>(), whole.slice(0, 3).values<float>()));
    EXPECT_TRUE(std::ranges::equal(second.values<float>(), whole.slice(3, 6).values<float>()));
}

// Ours is zero; WanTrack's has a bias.
TEST_P(TrackEncoderTest, WithoutPointsAllCellsAreTheSame) {
    Tensor map(expected_.shape(), DType::F32);
    std::ranges::fill(map.values<float>(), 7.F);
    encoder_.encode(std::vector<std::vector<TrackedPoint>>(24), map);
    for (int64_t i = 0; i < map.count(); ++i) {
        const int64_t channel = i / 48 % 16;
        ASSERT_EQ(map.data<float>()[i], map.data<float>()[48 * channel]);
    }
    if (std::string(GetParam()) == "encoder") {
        EXPECT_EQ(std::ranges::count(map.values<float>(), 0.F), map.count());
    }
}

TEST_P(TrackEncoderTest, RefusesFramesThatAreNotThoseOfTheLatents) {
    EXPECT_THROW(map_of(0, 20, 6), Error);
    EXPECT_THROW(map_of(0, 12, 4), Error);
}

INSTANTIATE_TEST_SUITE_P(Layouts, TrackEncoderTest,
                         ::testing::Values("encoder", "wantrack_encoder"));

}  // namespace
}  // namespace longtake::diffusion
