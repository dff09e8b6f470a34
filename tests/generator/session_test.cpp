#include "generator/session.h"

#include "core/error.h"
#include "tests/core/sanitized.h"
#include "tests/core/temporary_folder.h"
#include "tests/generator/allocation_counter.h"
#include "tests/generator/thread_count.h"
#include "tests/generator/tiny_model.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

namespace longtake::generator {
namespace {

constexpr int kSessionChunks = 11;  // four of them past the full window

TEST(Session, TheSeedDecides) {
    const auto one = take(seeded(1), kSessionChunks);
    EXPECT_TRUE(same_take(one, take(seeded(1), kSessionChunks)));
    EXPECT_FALSE(same_frames(one[0], take(seeded(2), 1)[0]));
    EXPECT_FALSE(same_frames(one[0], take(seeded(1), 1, "a blue cube")[0]));
}

TEST(Session, ThreadsDoNotMatter) {
    const ThreadCount one(1);
    const auto expected = take(seeded(1), kSessionChunks);
    const ThreadCount three(3);
    EXPECT_TRUE(same_take(take(seeded(1), kSessionChunks), expected));
}

TEST(Session, ReceiptsSayWhatHappened) {
    Session session(tiny_model(), seeded(1));
    EXPECT_EQ(session.prompt().set("a red ball", false), 0);
    const auto first = session.step();
    EXPECT_EQ(first->frames.shape(), (Shape{9, 48, 64, 3}));
    EXPECT_EQ(first->latents.shape(), (Shape{3, 16, 6, 8}));
    EXPECT_EQ(first->receipt.chunk, 0);
    EXPECT_EQ(first->receipt.cached_frames, 3);
    EXPECT_GT(first->receipt.diffuse_ms, 0);
    EXPECT_GT(first->receipt.decode_ms, 0);
    session.prompt().set("overtaken", false);
    EXPECT_EQ(session.prompt().set("a blue cube", false), 2);
    const auto second = session.step();
    EXPECT_EQ(second->frames.extent(0), 12);
    EXPECT_EQ(second->receipt.first_frame, 9);
    EXPECT_EQ(second->receipt.prompt, 2);
    EXPECT_EQ(second->receipt.cached_frames, 6);
    EXPECT_FALSE(second->receipt.cut);
    EXPECT_EQ(session.video_frames(), 21);
}

// Frames are there before the clean pass; whoever runs it, the take is the same.
TEST(Session, FramesComeBeforeTheCleanPass) {
    Session session(tiny_model(), seeded(1));
    session.prompt().set("a red ball", false);
    std::vector<Chunk> chunks;
    for (int i = 0; i < kSessionChunks; ++i) {
        chunks.push_back(kept(*session.step()));
        EXPECT_GT(session.finalize(), 0);
        EXPECT_EQ(session.finalize(), 0);
    }
    EXPECT_TRUE(same_take(chunks, take(seeded(1), kSessionChunks)));
}

TEST(Session, StreamingEqualsOneDecode) {
    const auto chunks = take(seeded(3), kSessionChunks);
    const auto& model = *tiny_model();
    Tensor latents({3 * kSessionChunks, 16, 6, 8}, DType::F32);
    for (int i = 0; i < kSessionChunks; ++i) {
        std::ranges::copy(chunks[i].latents.values<float>(),
                          latents.slice(3 * i, 3 * i + 3).values<float>().begin());
    }
    const auto stream = model.autoencoder().open(6, 8);
    ASSERT_EQ(stream->frames(3 * kSessionChunks), 12 * kSessionChunks - 3);
    Tensor frames({12 * kSessionChunks - 3, 48, 64, 3}, DType::U8);
    stream->decode(latents, frames);
    for (const Chunk& chunk : chunks) {
        const int64_t first = chunk.receipt.first_frame;
        EXPECT_TRUE(std::ranges::equal(
            chunk.frames.values<uint8_t>(),
            frames.slice(first, first + chunk.frames.extent(0)).values<uint8_t>()));
    }
}

// The tiny model with the full Wan autoencoder in place of the tiny one.
std::shared_ptr<const diffusion::VideoModel> model_with_wan_vae(const std::filesystem::path& at) {
    namespace fs = std::filesystem;
    const fs::path fixtures = LONGTAKE_TEST_FIXTURES;
    fs::copy(fixtures / "tiny_model", at, fs::copy_options::recursive);
    fs::remove_all(at / "vae");
    fs::copy(fixtures / "tiny_wan_vae", at / "vae");
    return diffusion::VideoModel::load(at, DType::F32);
}

TEST(Session, AnyAutoencoderDecodesTheTake) {
    const TemporaryFolder folder;
    const auto model = model_with_wan_vae(folder / "model");
    Session session(model, seeded(3)), with_image(model, [] {
        SessionOptions options = seeded(3);
        options.image = Tensor({48, 64, 3}, DType::U8);
        std::ranges::fill(options.image.values<uint8_t>(), uint8_t{90});
        return options;
    }());
    session.prompt().set("a red ball", false);
    with_image.prompt().set("a red ball", false);
    const auto first = steps(session, 2);
    const auto snapshot = session.snapshot();
    const auto rest = steps(session, 2);
    session.restore(*snapshot);
    EXPECT_TRUE(same_take(steps(session, 2), rest));

    const auto tiny = take(seeded(3), 2);  // the same latents, other pictures
    EXPECT_TRUE(
        std::ranges::equal(first[1].latents.values<float>(), tiny[1].latents.values<float>()));
    EXPECT_FALSE(same_frames(first[1], tiny[1]));
    const auto stream = model->autoencoder().open(6, 8);
    Tensor frames({9, 48, 64, 3}, DType::U8);
    stream->decode(first[0].latents, frames);
    EXPECT_TRUE(std::ranges::equal(frames.values<uint8_t>(), first[0].frames.values<uint8_t>()));
    EXPECT_EQ(steps(with_image, 2)[0].frames.extent(0), 1);
}

// Other prompts, memories and places in time: a take does not see who makes its passes with it.
TEST(Session, TogetherEqualsAlone) {
    const std::vector<std::string> caches{"window", "deep-forcing", "rebuild:encode=0", "retrieval",
                                          "memrope"};
    const auto prompt = [](size_t i) { return fmt::format("a red ball {}", i); };
    const auto workspace = std::make_shared<diffusion::TransformerWorkspace>();
    std::vector<Session> sessions;
    std::vector<std::vector<Chunk>> together(caches.size()), alone;
    for (size_t i = 0; i < caches.size(); ++i) {
        SessionOptions options = seeded(i, caches[i]);
        alone.push_back(take(options, kSessionChunks, prompt(i)));
        options.workspace = workspace;
        sessions.emplace_back(tiny_model(), options);
        sessions.back().prompt().set(prompt(i), false);
    }
    together[1] = steps(sessions[1], 2);  // ahead of the others
    std::vector<Session*> all;
    std::ranges::transform(sessions, std::back_inserter(all), [](Session& s) { return &s; });
    for (int c = 0; c < kSessionChunks; ++c) {
        const auto chunks = Session::step_together(all);
        for (size_t i = 0; i < chunks.size(); ++i) {
            together[i].push_back(kept(chunks[i]));
        }
    }
    for (size_t i = 0; i < caches.size(); ++i) {
        together[i].resize(kSessionChunks);
        EXPECT_TRUE(same_take(together[i], alone[i])) << caches[i];
    }
}

TEST(Session, TogetherTakesASharedWorkspace) {
    Session a(tiny_model(), seeded(1)), b(tiny_model(), seeded(2));
    a.prompt().set("a red ball", false);
    b.prompt().set("a red ball", false);
    EXPECT_THROW(Session::step_together(std::vector<Session*>{&a, &b}), Error);
}

// From frame 76 on, which is of latent 19; the autoencoder's reach is 8 latents.
TEST(Session, SkippedFramesChangeNoneThatAreSeen) {
    const auto whole = take(seeded(3), 8);
    Session session(tiny_model(), seeded(3));
    session.prompt().set("a red ball", false);
    session.skip_to(76);
    const auto made = steps(session, 8);
    for (size_t i = 0; i < made.size(); ++i) {
        EXPECT_TRUE(
            std::ranges::equal(made[i].latents.values<float>(), whole[i].latents.values<float>()));
        EXPECT_EQ(made[i].receipt.first_frame, whole[i].receipt.first_frame);
        EXPECT_EQ(made[i].frames.extent(0), i < 3 ? 0 : 12) << "chunk " << i;
    }
    const auto seen = [](const Chunk& chunk) {
        return chunk.frames.slice(76 - chunk.receipt.first_frame, 12).clone();
    };
    EXPECT_TRUE(
        std::ranges::equal(seen(made[6]).values<uint8_t>(), seen(whole[6]).values<uint8_t>()));
    EXPECT_TRUE(same_frames(made[7], whole[7]));
}

TEST(Session, FramesThatAreReadAreNotSkipped) {
    const TemporaryFolder folder;
    const auto all = [](Session session) {
        session.prompt().set("a red ball", false);
        session.skip_to(1000);
        return std::ranges::all_of(steps(session, 4),
                                   [](const Chunk& c) { return c.frames.extent(0) > 0; });
    };
    EXPECT_TRUE(all(Session(tiny_model(), seeded(3, "rebuild"))));
    EXPECT_FALSE(all(Session(tiny_model(), seeded(3, "rebuild:encode=0"))));
    EXPECT_TRUE(all(Session(model_with_wan_vae(folder / "model"), seeded(3))));
}

TEST(Session, ChunksMayBeASingleFrame) {
    const auto quick = tiny_model()->in_chunks_of(1);
    for (const char* cache : {"deep-forcing", "sink", "retrieval"}) {
        Session session(quick, seeded(1, cache));
        session.prompt().set("a red ball", false);
        const auto made = steps(session, 30);  // the window is 21
        EXPECT_EQ(made[0].frames.extent(0), 1);
        EXPECT_EQ(made[29].frames.extent(0), 4);
        const auto snapshot = session.snapshot();
        const auto rest = steps(session, 3);
        session.restore(*snapshot);
        EXPECT_TRUE(same_take(steps(session, 3), rest)) << cache;
    }
    EXPECT_TRUE(same_take(
        [] {
            Session session(tiny_model()->in_chunks_of(3), seeded(1));
            session.prompt().set("a red ball", false);
            return steps(session, 3);
        }(),
        take(seeded(1), 3)));
}

TEST(Session, AnyChunkCanBeMadeAgain) {
    for (const char* cache :
         {"window", "deep-sink", "deep-forcing", "infinity-rope", "ema-sink:share=100",
          "memrope:fast=500", "rolling-sink:window=9", "recache:window=9", "streaming-vlm:window=9",
          "entropy:window=9", "surprise:window=9", "rebuild", "rebuild:frames=2,encode=0", "relic",
          "retrieval:window=12,sink=3,blocks=1", "retrieval:window=12,blocks=1,host=1,disk=1"}) {
        Session original(tiny_model(), seeded(1, cache));
        original.prompt().set("a red ball", false);
        steps(original, 8);
        const auto snapshot = original.snapshot();
        original.prompt().set("a blue cube", false);
        const auto expected = steps(original, 3);
        const auto again = [&](Session& session) {
            session.restore(*snapshot);
            session.prompt().set("a blue cube", false);
            return same_take(steps(session, 3), expected);
        };
        EXPECT_TRUE(again(original)) << cache;
        Session other(tiny_model(), seeded(1, cache));
        EXPECT_TRUE(again(other)) << cache;
    }
}

TEST(Session, ChangesToComeLeaveThePastAlone) {
    const auto plain = take(seeded(1), kSessionChunks);
    Session session(tiny_model(), seeded(1));
    session.prompt().set("a red ball", false);
    auto changed = steps(session, 6);
    session.prompt().set("a blue cube", false);
    for (Chunk& chunk : steps(session, kSessionChunks - 6)) {
        changed.push_back(chunk);
    }
    for (int i = 0; i < kSessionChunks; ++i) {
        EXPECT_EQ(same_frames(changed[i], plain[i]), i < 6) << i;
    }
    EXPECT_EQ(changed[6].receipt.cached_frames, 21);  // an ordinary change keeps the cache
}

// Until the prompt changes it is a sink; then the old frames count as if they had been of the new
// prompt.
TEST(Session, RecacheReadsTheNewestFramesAgain) {
    std::vector<std::vector<Chunk>> takes;
    for (const char* cache : {"sink:window=9,sink=3", "recache:window=9,sink=3"}) {
        Session session(tiny_model(), seeded(1, cache));
        session.prompt().set("a red ball", false);
        takes.push_back(steps(session, 5));
        session.prompt().set("a blue cube", false);
        for (Chunk& chunk : steps(session, 2)) {
            takes.back().push_back(chunk);
        }
    }
    for (size_t i = 0; i < 7; ++i) {
        EXPECT_EQ(same_frames(takes[0][i], takes[1][i]), i < 5) << i;
        EXPECT_EQ(takes[1][i].receipt.cached_frames, std::min<int64_t>(9, 3 * (i + 1)));
    }
}

// Nothing older than its context counts, and nothing but the latents, the oldest of them by its
// picture: whatever prompts there were.
TEST(Session, RebuildRemembersPicturesOnly) {
    for (const char* cache : {"rebuild", "rebuild:encode=0", "rebuild:frames=1"}) {
        const auto chunks = take(seeded(1, cache), 5);
        for (size_t i = 0; i < chunks.size(); ++i) {
            EXPECT_EQ(chunks[i].receipt.cached_frames, i == 0 ? 3
                                                       : std::string(cache) == "rebuild:frames=1"
                                                           ? 4
                                                           : 6);
        }
    }
    const auto encoded = take(seeded(1, "rebuild"), 4),
               plain = take(seeded(1, "rebuild:encode=0"), 4);
    for (size_t i = 0; i < 4; ++i) {  // chunk 1 reads the take's own first frame
        EXPECT_EQ(same_frames(encoded[i], plain[i]), i < 2) << i;
    }
}

// The chunk after a change is the one that would have come, had the new prompt been in force when
// the context was made, too.
TEST(Session, RebuildForgetsThePromptBefore) {
    Session changed(tiny_model(), seeded(1, "rebuild"));
    changed.prompt().set("a red ball", false);
    steps(changed, 3);
    const auto snapshot = changed.snapshot();
    changed.prompt().set("a blue cube", false);
    const auto expected = steps(changed, 1);
    changed.restore(*snapshot);
    changed.prompt().set("another", false);
    changed.prompt().set("a blue cube", false);
    EXPECT_TRUE(same_take(steps(changed, 1), expected));
    changed.restore(*snapshot);
    EXPECT_FALSE(same_take(steps(changed, 1), expected));
}

TEST(Session, InfinityRopeRemembersOverACut) {
    Session session(tiny_model(), seeded(1, "infinity-rope"));
    session.prompt().set("a red ball", false);
    steps(session, 4);
    session.prompt().set("a blue cube", true);
    const auto chunks = steps(session, 1);
    EXPECT_TRUE(chunks[0].receipt.cut);
    EXPECT_EQ(chunks[0].receipt.cached_frames, 6);
    EXPECT_EQ(chunks[0].frames.extent(0), 12);  // the video's stream goes on, too
}

// The noise of the chunks from `first` on.
class LaterNoise : public NoiseSource {
  public:
    LaterNoise(uint64_t seed, int64_t first) : noise_(make_seeded_noise(seed)), first_(first) {}
    void fill(int64_t chunk, int64_t frame, int step, Tensor& noise) const override {
        noise_->fill(chunk + first_, frame, step, noise);
    }

  private:
    std::unique_ptr<const NoiseSource> noise_;
    int64_t first_;
};

TEST(Session, AHardCutIsAFreshStart) {
    Session session(tiny_model(), seeded(1));
    session.prompt().set("a red ball", false);
    steps(session, 9);
    session.prompt().set("night", true);
    session.prompt().set("a blue cube", false);  // overtakes the prompt, not the cut
    const auto after = steps(session, kSessionChunks);
    EXPECT_TRUE(after[0].receipt.cut);
    EXPECT_FALSE(after[1].receipt.cut);
    EXPECT_EQ(after[0].receipt.cached_frames, 3);
    EXPECT_EQ(after[0].frames.extent(0), 9);
    EXPECT_EQ(after[0].receipt.chunk, 9);
    SessionOptions fresh;
    fresh.noise = std::make_shared<LaterNoise>(1, 9);
    EXPECT_TRUE(same_take(after, take(fresh, kSessionChunks, "a blue cube")));
}

TEST(Session, ResetStartsOver) {
    Session session(tiny_model(), seeded(1));
    session.prompt().set("a red ball", false);
    const auto first = steps(session, kSessionChunks);
    session.reset();
    EXPECT_EQ(session.video_frames(), 0);
    EXPECT_TRUE(same_take(steps(session, kSessionChunks), first));
}

TEST(Session, AStoppedStepNeedsAReset) {
    Session session(tiny_model(), seeded(1));
    session.prompt().set("a red ball", false);
    const auto first = steps(session, 8);
    EXPECT_FALSE(session.step([] { return true; }));
    EXPECT_THROW(session.step(), Error);
    session.reset();
    EXPECT_TRUE(same_take(steps(session, 8), first));
}

Tensor picture(int green) {
    Tensor image({100, 100, 3}, DType::U8);
    for (int64_t i = 0; i < image.count(); ++i) {
        image.data<uint8_t>()[i] = static_cast<uint8_t>(i % 3 == 1 ? green : (i / 3 % 100) * 2);
    }
    return image;
}

TEST(Session, AnImageIsTheFirstFrame) {
    SessionOptions options = seeded(1);
    options.image = picture(30);
    const auto chunks = take(options, kSessionChunks);
    EXPECT_EQ(chunks[0].frames.extent(0), 1);
    EXPECT_EQ(chunks[0].latents.extent(0), 1);
    EXPECT_EQ(chunks[0].receipt.cached_frames, 1);
    EXPECT_EQ(chunks[1].frames.extent(0), 12);
    EXPECT_EQ(chunks[1].receipt.first_frame, 1);
    EXPECT_EQ(chunks[1].receipt.cached_frames, 4);
    options.image = picture(200);
    const auto other = take(options, 2);
    EXPECT_FALSE(same_frames(chunks[0], other[0]));
    EXPECT_FALSE(same_frames(chunks[1], other[1]));
}

TEST(Session, PromptsAreEncodedOnce) {
    PromptState prompts(tiny_model());
    EXPECT_TRUE(prompts.empty());
    const auto context = [&](const std::string& text) {
        prompts.set(text, false);
        prompts.take_up();
        EXPECT_EQ(prompts.text(), text);
        return &prompts.context();
    };
    const auto* a = context("a red ball");
    const auto* b = context("a blue cube");
    EXPECT_NE(a, b);
    EXPECT_EQ(context("a red ball"), a);
    EXPECT_EQ(context("a blue cube"), b);
}

TEST(Session, APromptThatCannotBeReadChangesNothing) {
    Session session(tiny_model(), seeded(1));
    session.prompt().set("a red ball", false);
    auto chunks = steps(session, 2);
    session.prompt().set("", false);
    EXPECT_THROW(session.step(), InputError);
    chunks.push_back(kept(*session.step()));
    EXPECT_TRUE(same_take(chunks, take(seeded(1), 3)));
}

TEST(Session, EncodedPromptsMayComeFromElsewhere) {
    Session session(tiny_model(), seeded(1));
    session.prompt().set_embeds(tiny_model()->encode("a red ball"), "from a file");
    EXPECT_TRUE(same_take(steps(session, 3), take(seeded(1), 3)));
}

// What a step allocates (inside the matrix library) it gives back.
TEST(Session, SteadyStateDoesNotGrow) {
    if (LONGTAKE_THREAD_SANITIZED) {
        GTEST_SKIP() << "ThreadSanitizer counts no allocations";
    }
    for (const char* cache : {"window", "rebuild"}) {
        Session session(tiny_model(), seeded(1, cache));
        session.prompt().set("a red ball", false);
        for (int i = 0; i < 20; ++i) {
            session.step();
        }
        const size_t before = live_allocations();
        for (int i = 0; i < 30; ++i) {
            session.step();
        }
        EXPECT_EQ(live_allocations(), before) << cache;
    }
}

TEST(Session, RefusesWhatCannotWork) {
    EXPECT_THROW(Session(tiny_model(), seeded(1, "nonsense")), InputError);
    SessionOptions rising = seeded(1);
    rising.steps = {500, 750};
    EXPECT_THROW(Session(tiny_model(), rising), InputError);
    Session without_prompt(tiny_model(), seeded(1));
    EXPECT_THROW(without_prompt.step(), Error);
    Session full(tiny_model(), seeded(1, "full"));
    EXPECT_NO_THROW(full.check_length(81));
    EXPECT_THROW(full.check_length(82), InputError);
    EXPECT_NO_THROW(Session(tiny_model(), seeded(1)).check_length(1'000'000));
}

}  // namespace
}  // namespace longtake::generator
