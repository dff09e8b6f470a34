#include "diffusion/models/wan_vae.h"

#include "core/error.h"
#include "core/safetensors.h"
#include "tests/diffusion/fixtures.h"
#include "tests/diffusion/testing.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

namespace longtake::diffusion {
namespace {

WeightMap weights() {
    return WeightMap::open(kFixtures / "tiny_wan_vae");
}

Tensor fixture(const char* name) {
    return SafetensorsFile::open(kFixtures / "tiny_wan_vae_video.safetensors")->tensor(name);
}

Tensor decode(const WanVaeDecoder& decoder, const Tensor& latents, WanVaeStream& stream) {
    Tensor frames(
        {stream.frames(latents.extent(0)), 8 * latents.extent(2), 8 * latents.extent(3), 3},
        DType::F32);
    decoder.decode(latents, stream, frames);
    return frames;
}

class WanVae : public testing::Test {
  protected:
    const WanVaeConfig config = WanVaeConfig::of(weights(), {});
    const WanVaeDecoder decoder{config, weights()};
    const WanVaeEncoder encoder{config, weights()};
};

TEST_F(WanVae, EqualsDiffusers) {
    EXPECT_EQ(config.base, 4);
    WanVaeStream down, up;
    const Tensor frames = decode(decoder, fixture("latents"), down);
    const Tensor latents = encoder.encode(fixture("images"), up);
    EXPECT_LT(max_difference(frames, fixture("frames")), 1e-5F);    // measured 2.9e-6
    EXPECT_LT(max_difference(latents, fixture("encoded")), 1e-5F);  // measured 4.8e-7
}

// A stream cut into `first` pieces and the rest, piece after piece in one tensor.
Tensor joined(const Tensor& a, const Tensor& b) {
    Tensor whole(a.shape().with(0, a.extent(0) + b.extent(0)), a.dtype());
    std::memcpy(whole.raw(), a.raw(), a.bytes());
    std::memcpy(whole.slice(a.extent(0), whole.extent(0)).raw(), b.raw(), b.bytes());
    return whole;
}

TEST_F(WanVae, AStreamEqualsTheWholeClipBitForBit) {
    const Tensor latents = fixture("latents"), images = fixture("images");
    WanVaeStream clip, encoded_clip;
    const Tensor frames = decode(decoder, latents, clip);
    const Tensor encoded = encoder.encode(images, encoded_clip);
    for (int64_t cut = 1; cut < latents.extent(0); ++cut) {
        WanVaeStream stream;
        const Tensor a = decode(decoder, latents.slice(0, cut), stream);
        EXPECT_EQ(a.extent(0), 4 * cut - 3);
        const Tensor b = decode(decoder, latents.slice(cut, latents.extent(0)), stream);
        EXPECT_TRUE(same_bits(joined(a, b), frames)) << cut;
        stream.reset();
        const int64_t frame = 4 * cut - 3;
        const Tensor c = encoder.encode(images.slice(0, frame), stream);
        const Tensor d = encoder.encode(images.slice(frame, images.extent(0)), stream);
        EXPECT_TRUE(same_bits(joined(c, d), encoded)) << cut;
    }
}

TEST_F(WanVae, TheFutureDoesNotReachThePast) {
    Tensor latents = fixture("latents").clone();
    WanVaeStream stream;
    const Tensor before = decode(decoder, latents, stream);
    Tensor last = latents.slice(3, 4);
    last.data<float>()[0] += 1;
    stream.reset();
    const Tensor after = decode(decoder, latents, stream);
    EXPECT_TRUE(same_bits(before.slice(0, 9), after.slice(0, 9)));
    EXPECT_FALSE(same_bits(before.slice(9, 10), after.slice(9, 10)));
}

TEST_F(WanVae, FramesMustMakeWholeLatents) {
    WanVaeStream stream;
    EXPECT_THROW(encoder.encode(Tensor::zeros({4, 24, 32, 3}, DType::U8), stream), InputError);
    EXPECT_THROW(encoder.encode(Tensor::zeros({5, 24, 36, 3}, DType::U8), stream), InputError);
}

}  // namespace
}  // namespace longtake::diffusion
