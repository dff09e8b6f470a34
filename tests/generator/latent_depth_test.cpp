#include "generator/control/latent_depth.h"

#include "core/safetensors.h"
#include "generator/session.h"
#include "tests/core/temporary_folder.h"
#include "tests/generator/tiny_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace longtake::generator {
namespace {

// A head whose depth is exp of the first latent channel, beside the tiny model.
std::shared_ptr<const diffusion::VideoModel> model_that_sees_depth() {
    const TemporaryFolder folder;
    std::filesystem::copy(kTinyModel, folder / "m", std::filesystem::copy_options::recursive);
    Tensor enter = Tensor::zeros({16, 16, 3, 3}), leave = Tensor::zeros({1, 16, 3, 3});
    enter.data<float>()[4] = 1;  // the middle of the kernel, from channel 0 to channel 0
    leave.data<float>()[4] = 1;
    write_safetensors(folder / "m/depth_head.safetensors",
                      {{"depth_head.enter.weight", enter},
                       {"depth_head.enter.bias", Tensor::zeros({16})},
                       {"depth_head.leave.weight", leave},
                       {"depth_head.leave.bias", Tensor::zeros({1})}});
    return diffusion::VideoModel::load(folder / "m", DType::F32, Device::Cpu);
}

TEST(LatentDepth, IsInUnitsOfTheFirstPicturesMiddle) {
    const auto model = model_that_sees_depth();
    ASSERT_NE(model->depth_head(), nullptr);
    LatentDepth seen(*model);
    Tensor latent = Tensor::zeros({1, 16, 6, 8});
    std::fill_n(latent.data<float>(), 48, std::log(5.F));
    latent.data<float>()[8 + 2] = std::log(15.F);
    const Depth first = seen.of(latent);
    EXPECT_EQ(first.width, 64);
    EXPECT_NEAR(*first.at(1, 1), 1, 1e-5);
    EXPECT_GT(*first.at(2 * 8 + 4, 8 + 4),
              2);  // the middle of that cell; between them it is smooth
    EXPECT_LT(*first.at(2 * 8 + 4, 8 + 4), 3);
    EXPECT_LT(*first.at(2 * 8, 8 + 4), *first.at(2 * 8 + 4, 8 + 4));
    latent.data<float>()[0] = std::log(50.F);  // the sky
    EXPECT_FALSE(seen.of(latent).at(4, 4).has_value());
    std::fill_n(latent.data<float>(), 48, std::log(10.F));
    EXPECT_NEAR(*seen.of(latent).at(1, 1), 2, 1e-5);
}

TEST(LatentDepth, ReadsTheNewestLatentOfATake) {
    const auto model = model_that_sees_depth();
    LatentDepth seen(*model);
    Session session(model, seeded(1));
    session.prompt().set("a red ball", false);
    EXPECT_TRUE(session.newest_latent().empty());
    const Chunk chunk = kept(*session.step());
    const Tensor newest = session.newest_latent();
    EXPECT_EQ(newest.shape(), (Shape{1, 16, 6, 8}));
    const Tensor last = chunk.latents.slice(2, 3);
    EXPECT_TRUE(std::ranges::equal(newest.values<float>(), last.values<float>()));
    EXPECT_GT(seen.of(newest).median(), 0);
}

// A moving camera's tracks of the chunks to come.
std::vector<Tracks> asked(Session& session, int chunks) {
    std::vector<Tracks> tracks;
    for (int i = 0; i < chunks; ++i) {
        tracks.push_back(session.step()->motion);
    }
    return tracks;
}

TEST(LatentDepth, ATakeBegunAgainOrTakenUpAgainAsksForTheSame) {
    const auto model = model_that_sees_depth();
    Session session(model, seeded(1));
    const CameraMove move{.right = 0.2, .forward = 0.3};
    session.prompt().set("a red ball", false);
    session.motion().set(move);
    const auto first = asked(session, 4);
    EXPECT_FALSE(first[3].empty());
    session.reset();
    session.motion().set(CameraMove{.right = -0.5});  // another take, which sees something else
    session.prompt().set("a blue cube", false);
    asked(session, 3);
    session.reset();
    session.prompt().set("a red ball", false);
    session.motion().set(move);
    const auto again = asked(session, 2);
    EXPECT_TRUE(again[1] == first[1]);
    const auto kept = session.snapshot();
    EXPECT_TRUE(asked(session, 2) == std::vector(first.begin() + 2, first.end()));
    session.restore(*kept);
    EXPECT_TRUE(asked(session, 2) == std::vector(first.begin() + 2, first.end()));
}

}  // namespace
}  // namespace longtake::generator
