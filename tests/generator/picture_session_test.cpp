// Takes of a model that attends to the picture it began with, as ATI's and Wan-Move's do.
#include "core/error.h"
#include "generator/followed_points.h"
#include "tests/generator/picture_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace longtake::generator {
namespace {

using Model = std::shared_ptr<const diffusion::VideoModel>;

class PictureSession : public ::testing::Test {
  protected:
    static std::vector<Chunk> take(const Model& model, uint8_t grey, const Tracks& tracks = {}) {
        return picture_take(model, striped_picture(grey), tracks, 3);
    }
    static std::unique_ptr<Session> begin(const Model& model) {
        SessionOptions options = seeded(1);
        options.image = striped_picture(90);
        auto session = std::make_unique<Session>(model, options);
        session->prompt().set("a red ball", false);
        session->motion().play(moving_point(10));
        return session;
    }
    const Model plain_ = picture_model(), ati_ = picture_model("ati"),
                wan_move_ = picture_model("wan-move");
};

TEST_F(PictureSession, SeesItsPictureAndFollowsPointsByItsRule) {
    const auto still = take(plain_, 90);
    EXPECT_TRUE(same_take(still, take(plain_, 90)));
    EXPECT_FALSE(same_take(still, take(plain_, 91)));
    // Without points all three are the same model, and a plain one does not follow any.
    EXPECT_TRUE(same_take(still, take(ati_, 90)));
    EXPECT_TRUE(same_take(still, take(plain_, 90, moving_point(10))));
    const auto softly = take(ati_, 90, moving_point(10)),
               whole = take(wan_move_, 90, moving_point(10));
    EXPECT_TRUE(same_frames(softly[0], still[0]));  // the picture
    EXPECT_FALSE(same_frames(softly[1], still[1]));
    EXPECT_FALSE(same_frames(whole[1], still[1]));
    EXPECT_FALSE(same_frames(softly[1], whole[1]));
    EXPECT_FALSE(same_take(softly, take(ati_, 90, moving_point(40))));
}

TEST_F(PictureSession, AttendsToWhatClipSees) {
    // Another picture of the same latents: what differs goes through CLIP alone.
    const diffusion::CausalTransformer& transformer = plain_->transformer();
    const auto one = plain_->look_at(striped_picture(90)),
               other = plain_->look_at(striped_picture(20));
    ASSERT_EQ(one.size(), 2U);
    EXPECT_EQ(one[0].keys.shape(), (Shape{2, 17, 32}));
    EXPECT_GT(diffusion::max_difference(one[1].values, other[1].values), 1e-3F);
    const Tensor latents = diffusion::random_tensor({3, 36, 6, 8}, 1);
    const auto flow = [&](const auto& picture) {
        auto context = transformer.prepare_text(diffusion::random_tensor({2, 32}, 2));
        context.picture = picture;
        const CacheGeometry geometry{
            .layers = 2, .heads = 2, .head_dim = 32, .tokens_per_frame = 12, .columns = 4};
        CacheMemory memory(make_cache_policy("window:window=3", {.window_frames = 3,
                                                                 .chunk_frames = 3,
                                                                 .layers = 2,
                                                                 .heads = 2,
                                                                 .tokens_per_frame = 12}),
                           geometry);
        memory.begin_chunk(3);
        memory.begin_pass(CacheMemory::Pass::Noisy);
        diffusion::TransformerWorkspace workspace;
        Tensor made({3, 16, 6, 8}, DType::F32);
        transformer.forward(latents, std::vector<double>(3, 500), context, memory, made, workspace);
        return made;
    };
    EXPECT_GT(diffusion::max_difference(flow(one), flow(other)), 1e-3F);
}

TEST_F(PictureSession, GoesOnFromASnapshotAndBeginsAnew) {
    const auto begun = begin(ati_);
    Session& session = *begun;
    const auto first = steps(session, 2);
    const auto kept = session.snapshot();
    const auto on = steps(session, 2);
    session.restore(*kept);
    EXPECT_TRUE(same_take(steps(session, 2), on));
    session.reset();
    session.motion().play(moving_point(10));
    EXPECT_TRUE(same_take(steps(session, 2), first));
}

TEST_F(PictureSession, GoesOnAfterACut) {
    const auto begun = begin(wan_move_);
    Session& session = *begun;
    steps(session, 2);
    session.prompt().set("a blue cube", true);
    const auto chunk = *session.step();
    EXPECT_TRUE(chunk.receipt.cut);
    EXPECT_EQ(chunk.frames.extent(0), 9);
}

TEST_F(PictureSession, WithoutAPictureItMakesNothing) {
    EXPECT_THAT([&] { Session(ati_, seeded(1)); },
                ::testing::ThrowsMessage<InputError>(::testing::HasSubstr("--image")));
}

}  // namespace
}  // namespace longtake::generator
