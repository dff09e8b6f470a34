#include "generator/take.h"

#include "core/error.h"
#include "tests/generator/tiny_model.h"

#include <gtest/gtest.h>

namespace longtake::generator {
namespace {

class Collector : public FrameWriter {
  public:
    void write(const Tensor& frames) override {
        lengths.push_back(frames.extent(0));
        const auto values = frames.values<uint8_t>();
        bytes.insert(bytes.end(), values.begin(), values.end());
    }
    void finish() override { finished = true; }

    std::vector<int64_t> lengths;
    std::vector<uint8_t> bytes;
    bool finished = false;
};

TEST(Take, HasTheLengthAskedFor) {
    Session session(tiny_model(), seeded(1));
    Collector out;
    const auto report =
        record_take(session, steer_by(PromptTimeline::parse("a red ball")), 50, out);
    EXPECT_EQ(out.lengths, (std::vector<int64_t>{9, 12, 12, 12, 5}));
    EXPECT_EQ(report.frames, 50);
    EXPECT_FALSE(report.stopped);
    EXPECT_FALSE(out.finished);
    ASSERT_EQ(report.chunks.size(), 5u);
    EXPECT_GT(report.chunks[3].finalize_ms, 0);
    EXPECT_EQ(report.chunks[4].finalize_ms, 0);  // nobody needs it
    EXPECT_GT(report.first_frame_seconds, 0);
    EXPECT_GE(report.seconds, report.first_frame_seconds);
    const auto chunks = take(seeded(1), 5);
    size_t at = 0;
    for (const Chunk& chunk : chunks) {
        const auto values = chunk.frames.values<uint8_t>();
        const size_t count = std::min(values.size(), out.bytes.size() - at);
        EXPECT_TRUE(std::equal(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count),
                               out.bytes.begin() + static_cast<std::ptrdiff_t>(at)));
        at += count;
    }
}

// Chunks begin at 0, 9/16, 21/16, 33/16 ... seconds.
TEST(Take, PromptsChangeAtBorders) {
    Session session(tiny_model(), seeded(1));
    Collector out;
    std::vector<int64_t> prompts;
    std::vector<bool> cuts;
    record_take(session,
                steer_by(PromptTimeline::parse("a | 0.5s: b | 1.4s: c | 1.5s: d | 2.1s!: e")), 66,
                out, [&](const Chunk& chunk) {
                    prompts.push_back(chunk.receipt.prompt);
                    cuts.push_back(chunk.receipt.cut);
                    EXPECT_EQ(std::ssize(out.lengths), std::ssize(prompts));  // handed over first
                });
    EXPECT_EQ(prompts, (std::vector<int64_t>{0, 1, 1, 3, 4, 4}));
    EXPECT_EQ(cuts, (std::vector<bool>{false, false, false, false, true, false}));
    EXPECT_EQ(out.lengths, (std::vector<int64_t>{9, 12, 12, 12, 9, 12}));
}

TEST(Take, StopsBetweenPasses) {
    Session session(tiny_model(), seeded(1));
    Collector out;
    int asked = 0;
    const auto report = record_take(session, steer_by(PromptTimeline::parse("a")), 1000, out, {},
                                    [&] { return ++asked >= 15; });
    EXPECT_TRUE(report.stopped);
    EXPECT_EQ(report.frames, 21);  // two whole chunks, six questions each
    EXPECT_EQ(out.lengths, (std::vector<int64_t>{9, 12}));
}

class FullDisk : public FrameWriter {
  public:
    void write(const Tensor&) override {
        if (++writes == 2) {
            fail("no space");
        }
    }
    void finish() override {}
    int writes = 0;
};

TEST(Take, ErrorsOfTheWriterEndIt) {
    Session session(tiny_model(), seeded(1));
    FullDisk out;
    EXPECT_THROW(record_take(session, steer_by(PromptTimeline::parse("a")), 1000, out), Error);
    EXPECT_EQ(out.writes, 2);
}

}  // namespace
}  // namespace longtake::generator
