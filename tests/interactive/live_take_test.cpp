#include "interactive/live_take.h"

#include "core/error.h"
#include "core/image.h"
#include "core/video_reader.h"
#include "core/video_writer.h"
#include "tests/core/temporary_folder.h"
#include "tests/generator/moving_texture.h"
#include "tests/generator/tiny_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace longtake::interactive {
namespace {

using generator::BeginTake;
using generator::PlanPrompts;
using generator::ShowPrompt;

class LiveTakeTest : public ::testing::Test {
  protected:
    MadeChunk make() {
        auto chunk = take_.make([] { return false; });
        take_.finish();
        return std::move(*chunk);
    }
    void begin(uint64_t seed = 1, const Tensor& image = {}) {
        controls_.post(BeginTake{seed, "deep-forcing", image});
    }
    // The frames that the record of the take makes again.
    Tensor again(const std::filesystem::path& path) const {
        const auto record = generator::TakeRecord::read(path);
        generator::SessionOptions options{
            .cache = record.cache,
            .steps = record.steps,
            .noise = generator::make_seeded_noise(record.seed),
            .image = record.image.empty() ? Tensor() : read_png(path.parent_path() / record.image)};
        generator::Session session(generator::tiny_model(), options);
        class Keep : public FrameWriter {
          public:
            void write(const Tensor& frames) override {
                const auto values = frames.values<uint8_t>();
                bytes.insert(bytes.end(), values.begin(), values.end());
            }
            void finish() override {}
            std::vector<uint8_t> bytes;
        } kept;
        generator::record_take(session, record.steer(), record.first_frame + record.frames, kept);
        Tensor all({record.first_frame + record.frames, 48, 64, 3}, DType::U8);
        std::ranges::copy(kept.bytes, all.data<uint8_t>());
        return all.slice(record.first_frame, all.extent(0));
    }
    void expect_same_again(const std::string& name) {
        const Tensor recorded = read_video((folder_ / (name + ".mkv")).string(), 10'000);
        const Tensor made = again(folder_ / (name + ".json"));
        ASSERT_EQ(recorded.shape().str(), made.shape().str());
        EXPECT_TRUE(std::ranges::equal(recorded.values<uint8_t>(), made.values<uint8_t>()));
    }

    TemporaryFolder folder_;
    generator::ControlQueue controls_;
    Recorder recorder_{folder_.path(), 16};
    LiveTake take_{{.model = generator::tiny_model(),
                    .model_name = "tiny",
                    .precision = "fp32",
                    .steps = {},
                    .patience = std::chrono::minutes(1)},
                   controls_,
                   recorder_};
};

TEST_F(LiveTakeTest, MotionIsHandedOnRecordedAndFollowedAgain) {
    begin();
    controls_.post(ShowPrompt{"a", false});
    EXPECT_TRUE(make().motion.empty());
    const generator::Handle pinned{.id = 1,
                                   .kind = generator::Handle::Kind::Static,
                                   .points = {{10, 20}, {30, 40}},
                                   .path = {}};
    const int64_t asked = controls_.post(generator::HoldPoints{{pinned}});
    const MadeChunk before = make();  // not recorded
    EXPECT_EQ(before.revision, asked);
    EXPECT_EQ(before.motion.points(), 2);
    recorder_.start();
    controls_.post(generator::MoveCamera{{.right = 0.25}});
    const MadeChunk moving = make();
    EXPECT_GT(moving.motion.points(), 20);
    controls_.post(generator::MoveCamera{});
    controls_.post(generator::HoldPoints{});
    EXPECT_TRUE(make().motion.empty());
    recorder_.stop();

    const auto record = generator::TakeRecord::read(folder_ / "longtake-001.json");
    ASSERT_EQ(record.motion.size(), 2u);
    EXPECT_EQ(record.motion[0].tracks, before.motion);
    EXPECT_EQ(record.motion[1].tracks, moving.motion);
    generator::Session session(generator::tiny_model(),
                               {.cache = record.cache,
                                .steps = record.steps,
                                .noise = generator::make_seeded_noise(record.seed)});
    const auto steer = record.steer();
    for (const generator::Tracks& followed : {generator::Tracks(), before.motion, moving.motion}) {
        steer(session);
        const generator::Tracks again = session.step()->motion;
        EXPECT_EQ(again.empty(), followed.empty());
        EXPECT_TRUE(again.empty() || again == followed);
    }
    expect_same_again("longtake-001");
}

TEST_F(LiveTakeTest, TheGlobalLayerCarriesWhatIsPinned) {
    begin();
    controls_.post(ShowPrompt{"a", false});
    make();
    const generator::Handle pinned{
        .id = 1, .kind = generator::Handle::Kind::Static, .points = {{10, 20}}, .path = {}};
    controls_.post(generator::HoldPoints{{pinned}});
    controls_.post(generator::MoveAll{{.right = 0.25}});
    EXPECT_NEAR(make().motion.at(11, 0).x, 10 + 64 * 0.25 * 12 / 16, 1e-3);
}

TEST_F(LiveTakeTest, AVideoIsFollowedWhileItLasts) {
    const generator::MovingTexture texture{.width = 64, .height = 48, .carried = {1, 0}};
    const auto path = folder_ / "v.mkv";
    auto writer = make_frame_writer(path.string(), {.height = 48,
                                                    .width = 64,
                                                    .frame_rate = {16, 1},
                                                    .codec = "ffv1",
                                                    .preset = {},
                                                    .pixel_format = {}});
    for (int64_t t = 0; t < 20; ++t) {
        writer->write(texture.frame(t).reshape({1, 48, 64, 3}));
    }
    writer->finish();
    begin();
    controls_.post(ShowPrompt{"a", false});
    make();
    controls_.post(generator::FollowVideo{path.string()});
    const MadeChunk first = make();
    ASSERT_GT(first.motion.points(), 5);
    EXPECT_NEAR(first.motion.at(4, 0).x - first.motion.at(0, 0).x, 4, 0.1);
    EXPECT_FALSE(make().motion.empty());
    EXPECT_TRUE(make().motion.empty());  // it had 20 frames
    controls_.post(generator::FollowVideo{"missing.mp4"});
    EXPECT_THAT(make().complaints, ::testing::ElementsAre(::testing::HasSubstr("missing.mp4")));
}

TEST_F(LiveTakeTest, ControlsTakeEffectAtTheNextChunk) {
    begin();
    controls_.post(ShowPrompt{"a", false});
    MadeChunk chunk = make();
    EXPECT_EQ(chunk.prompt, "a");
    EXPECT_EQ(chunk.revision, 2);
    EXPECT_EQ(chunk.take, 1);
    controls_.post(ShowPrompt{"b", true});
    chunk = make();
    EXPECT_EQ(chunk.prompt, "b");
    EXPECT_TRUE(chunk.receipt.cut);
    EXPECT_EQ(chunk.revision, 3);
    EXPECT_EQ(chunk.cache.size(), 3u);
    controls_.post(PlanPrompts{{{0.1, "c", false}, {60, "d", false}}});
    EXPECT_EQ(make().prompt, "c");
    EXPECT_EQ(make().prompt, "c");
}

TEST_F(LiveTakeTest, ANewTakeStopsTheChunkInTheMaking) {
    begin();
    controls_.post(ShowPrompt{"a", false});
    make();
    int asked = 0;
    const auto none = take_.make([&] {
        if (++asked == 2) {
            begin(2);
        }
        return false;
    });
    EXPECT_FALSE(none.has_value());
    const MadeChunk chunk = make();
    EXPECT_EQ(chunk.take, 2);
    EXPECT_EQ(chunk.receipt.first_frame, 0);
    EXPECT_EQ(chunk.prompt, "a");  // which stays
    EXPECT_TRUE(std::ranges::equal(
        chunk.frames.values<uint8_t>(),
        generator::take(generator::seeded(2), 1, "a")[0].frames.values<uint8_t>()));
}

TEST_F(LiveTakeTest, WhatCannotBeFollowedIsSaidAndChangesNothing) {
    begin();
    controls_.post(ShowPrompt{"a", false});
    make();
    controls_.post(ShowPrompt{"", false});
    MadeChunk chunk = make();
    EXPECT_EQ(chunk.prompt, "a");
    EXPECT_EQ(chunk.complaints.size(), 1u);
    controls_.post(BeginTake{1, "nonsense", {}});
    chunk = make();
    EXPECT_EQ(chunk.receipt.first_frame, 0);
    EXPECT_THAT(chunk.complaints, ::testing::ElementsAre(::testing::HasSubstr("nonsense")));
}

TEST_F(LiveTakeTest, ARecordingCanBeMadeAgain) {
    begin(5);
    controls_.post(PlanPrompts{{{0, "a", false}, {1.4, "planned", false}}});
    make();
    recorder_.start();  // not from the beginning
    make();
    controls_.post(ShowPrompt{"b", false});
    make();
    controls_.post(ShowPrompt{"c", true});
    make();
    make();
    EXPECT_EQ(recorder_.state().frames, 12 + 12 + 9 + 12);
    recorder_.stop();
    make();  // no longer
    EXPECT_EQ(recorder_.state().file, "longtake-001.mkv");
    expect_same_again("longtake-001");
}

TEST_F(LiveTakeTest, EveryTakeGetsAFileOfItsOwnAndItsPicture) {
    Tensor image({60, 80, 3}, DType::U8);
    for (int64_t i = 0; i < image.count(); ++i) {
        image.data<uint8_t>()[i] = static_cast<uint8_t>(i * 7 % 256);
    }
    recorder_.start();
    begin(1);
    controls_.post(ShowPrompt{"a", false});
    make();
    make();
    begin(2, image);
    make();
    make();
    recorder_.stop();
    expect_same_again("longtake-001");
    expect_same_again("longtake-002");
    EXPECT_TRUE(std::filesystem::exists(folder_ / "longtake-002.start.png"));
}

TEST_F(LiveTakeTest, ARecordingThatFailsEndsAndTheTakeGoesOn) {
    std::filesystem::remove_all(folder_.path());
    begin();
    controls_.post(ShowPrompt{"a", false});
    recorder_.start();
    make();
    EXPECT_FALSE(recorder_.state().on);
    EXPECT_THAT(recorder_.state().complaint, ::testing::HasSubstr("recording ended"));
    EXPECT_GT(make().frames.extent(0), 0);
}

}  // namespace
}  // namespace longtake::interactive
