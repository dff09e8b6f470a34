// A model in the layout of WanTrack: 52 channels, of which 36 are beside the latents.
#include "generator/image_context.h"
#include "core/error.h"
#include "core/safetensors.h"
#include "generator/take.h"
#include "tests/core/temporary_folder.h"
#include "tests/diffusion/picture_folder.h"
#include "tests/generator/following_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace longtake::generator {
namespace {

// The tiny model with a patch embedding of 52 channels, and WanTrack's encoder.
std::shared_ptr<const diffusion::VideoModel> wantrack_model() {
    const TemporaryFolder folder;
    diffusion::MadeOver model(folder / "m");
    model.read_channels(52);
    const auto encoder =
        SafetensorsFile::open(LONGTAKE_TEST_FIXTURES "/tracks/wantrack_encoder.safetensors");
    for (const std::string& name : encoder->names()) {
        if (name.starts_with("track_encoder.")) {
            model.tensors[name] = encoder->tensor(name).clone();
        }
    }
    model.write();
    return diffusion::VideoModel::load(folder / "m", DType::F32, Device::Cpu);
}

Tensor picture(uint8_t grey) {
    Tensor image({48, 64, 3}, DType::U8);
    std::ranges::fill(image.values<uint8_t>(), grey);
    return image;
}

TEST(ImageContext, IsTheMaskAndTheLatentsOfThePictureAndGrey) {
    const auto model = wantrack_model();
    ASSERT_TRUE(model->reads_image());
    const ImageContext context(*model, picture(200));
    EXPECT_EQ(context.channels(), 20);
    Tensor beside = Tensor::zeros({3, 36, 6, 8});
    context.fill(0, beside);
    const auto channel = [&](int64_t f, int64_t c) {
        return std::span(beside.data<float>() + (f * 36 + c) * 48, 48);
    };
    EXPECT_EQ(std::ranges::count(channel(0, 3), 1.F), 48);
    EXPECT_EQ(std::ranges::count(channel(1, 3), 0.F), 48);
    Tensor first({1, 48, 64, 3}, DType::U8);
    std::ranges::fill(first.values<uint8_t>(), uint8_t{200});
    const Tensor latent = model->encode(first);
    for (int64_t c = 0; c < 16; ++c) {
        EXPECT_NEAR(channel(0, 4 + c)[20], latent.data<float>()[c * 48 + 20], 1e-5) << c;
    }
    EXPECT_EQ(std::ranges::count(channel(2, 20), 0.F), 48);  // the tracks' are left alone
    // It goes on for ever.
    Tensor late = Tensor::zeros({1, 36, 6, 8});
    context.fill(100'000, late);
    EXPECT_EQ(late.data<float>()[0], 0);
}

TEST(ImageContext, ATakeFollowsItsPictureAndItsTracks) {
    const auto model = wantrack_model();
    const auto take = [&](uint8_t grey, float x) {
        SessionOptions options = seeded(1);
        options.image = picture(grey);
        Session session(model, options);
        session.prompt().set("a red ball", false);
        if (x > 0) {
            session.motion().set({pinned(x)});
        }
        session.step();
        return kept(*session.step());
    };
    const Chunk one = take(200, 0);
    EXPECT_TRUE(same_frames(one, take(200, 0)));
    EXPECT_FALSE(same_frames(one, take(60, 0)));
    EXPECT_FALSE(same_frames(one, take(200, 30)));
}

TEST(ImageContext, WithoutAPictureSuchAModelMakesNothing) {
    EXPECT_THAT([] { Session(wantrack_model(), seeded(1)); },
                ::testing::ThrowsMessage<InputError>(::testing::HasSubstr("--image")));
}

}  // namespace
}  // namespace longtake::generator
