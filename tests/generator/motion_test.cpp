// A model that was given a track encoder: what it is asked to follow reaches its passes.
#include "generator/take.h"
#include "tests/generator/following_model.h"

#include <gtest/gtest.h>

namespace longtake::generator {
namespace {

constexpr int kChunks = 5;

class MotionTest : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { model_ = following_model(); }
    static void TearDownTestSuite() { model_.reset(); }

    // A take that is asked to hold points at `x` from a chunk on; 0: never.
    static std::vector<Chunk> take(std::shared_ptr<const diffusion::VideoModel> model, float x,
                                   int from = 2) {
        Session session(std::move(model), seeded(1));
        session.prompt().set("a red ball", false);
        std::vector<Chunk> chunks;
        for (int i = 0; i < kChunks; ++i) {
            if (i == from && x > 0) {
                session.motion().set({pinned(x)});
            }
            chunks.push_back(kept(*session.step()));
        }
        return chunks;
    }

    static std::shared_ptr<const diffusion::VideoModel> model_;
};

std::shared_ptr<const diffusion::VideoModel> MotionTest::model_;

TEST_F(MotionTest, WithoutTracksTheModelIsWhatItWas) {
    ASSERT_NE(model_->track_encoder(), nullptr);
    const auto plain = take(tiny_model(), 0), able = take(model_, 0);
    for (int i = 0; i < kChunks; ++i) {
        EXPECT_TRUE(same_frames(plain[i], able[i])) << i;
    }
}

TEST_F(MotionTest, TracksChangeTheirChunkAndWhatFollowsAndNothingBefore) {
    const auto none = take(model_, 0), left = take(model_, 10), right = take(model_, 50);
    for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(same_frames(none[i], left[i])) << i;
    }
    for (int i = 2; i < kChunks; ++i) {
        EXPECT_FALSE(same_frames(none[i], left[i])) << i;
        EXPECT_FALSE(same_frames(left[i], right[i])) << i;
    }
    EXPECT_TRUE(same_frames(left[4], take(model_, 10)[4]));  // again
}

TEST_F(MotionTest, AModelThatFollowsNoneMakesTheSameFrames) {
    const auto none = take(tiny_model(), 0), asked = take(tiny_model(), 10);
    EXPECT_TRUE(same_frames(none[4], asked[4]));
    EXPECT_EQ(asked[4].motion.points(), 2);
}

// A snapshot holds what hands hold.
TEST_F(MotionTest, GoesOnFromASnapshot) {
    Session session(model_, seeded(1));
    session.prompt().set("a red ball", false);
    session.step();
    session.motion().set({{.id = 1,
                           .kind = Handle::Kind::Drawn,
                           .points = {{10, 10}},
                           .path = {{0, 0, 0}, {3, 40, 20}}}});
    session.step();
    const auto before = session.snapshot();
    const Chunk first = kept(*session.step());
    session.step();
    session.restore(*before);
    EXPECT_TRUE(same_frames(kept(*session.step()), first));
}

}  // namespace
}  // namespace longtake::generator
