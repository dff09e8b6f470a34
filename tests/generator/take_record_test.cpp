#include "generator/take_record.h"

#include "core/error.h"
#include "tests/core/temporary_folder.h"
#include "tests/generator/tiny_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace longtake::generator {
namespace {

TakeRecord record() {
    return {.model = "somewhere/model",
            .precision = "fp32",
            .seed = 0xFFFF'FFFF'FFFF'FFFFULL,
            .cache = "sink:window=9",
            .steps = {1000, 500},
            .chunk = 1,
            .image = "start.png",
            .first_frame = 21,
            .frames = 24,
            .changes = {{0, 0, 0, "a \"quoted\" ball", false}, {3, 33, 7, "größer", true}},
            .drift = {33, 69},
            .tracks = {},
            .motion = {}};
}

TEST(TakeRecord, ComesBackAsItWas) {
    const TemporaryFolder folder;
    record().write(folder / "take.json");
    const TakeRecord read = TakeRecord::read(folder / "take.json");
    EXPECT_EQ(read.model, record().model);
    EXPECT_EQ(read.precision, "fp32");
    EXPECT_EQ(read.seed, record().seed);
    EXPECT_EQ(read.cache, record().cache);
    EXPECT_EQ(read.steps, record().steps);
    EXPECT_EQ(read.chunk, 1);
    EXPECT_EQ(read.image, "start.png");
    EXPECT_EQ(read.first_frame, 21);
    EXPECT_EQ(read.frames, 24);
    ASSERT_EQ(read.changes.size(), 2u);
    EXPECT_EQ(read.changes[0].prompt, "a \"quoted\" ball");
    EXPECT_EQ(read.changes[1].prompt, "größer");
    EXPECT_EQ(read.changes[1].chunk, 3);
    EXPECT_EQ(read.changes[1].frame, 33);
    EXPECT_EQ(read.changes[1].revision, 7);
    EXPECT_TRUE(read.changes[1].cut);
    EXPECT_EQ(read.drift, record().drift);
}

TEST(TakeRecord, ComplaintsNameTheFile) {
    const TemporaryFolder folder;
    const auto refused = [&](const std::string& text) {
        std::ofstream(folder / "bad.json") << text;
        try {
            TakeRecord::read(folder / "bad.json");
        } catch (const InputError& e) {
            EXPECT_THAT(e.what(), ::testing::HasSubstr("bad.json"));
            return true;
        }
        return false;
    };
    EXPECT_TRUE(refused(""));
    EXPECT_TRUE(refused("[]"));
    EXPECT_TRUE(refused("{\"longtake_take\": 2}"));
    EXPECT_TRUE(refused("{\"longtake_take\": 1, \"seed\": \"x\"}"));
    TakeRecord none = record();
    none.changes.clear();
    none.write(folder / "none.json");
    EXPECT_THROW(TakeRecord::read(folder / "none.json"), InputError);
    // A record reaches for nothing but files beside it.
    for (const char* elsewhere : {"../start.png", "/etc/passwd", "a/b.png"}) {
        TakeRecord far = record();
        far.image = elsewhere;
        far.write(folder / "far.json");
        EXPECT_THROW(TakeRecord::read(folder / "far.json"), InputError) << elsewhere;
        std::swap(far.image, far.tracks);
        far.write(folder / "far.json");
        EXPECT_THROW(TakeRecord::read(folder / "far.json"), InputError) << elsewhere;
    }
}

class Lengths : public FrameWriter {
  public:
    void write(const Tensor& frames) override { count += frames.extent(0); }
    void finish() override {}
    int64_t count = 0;
};

TEST(TakeRecord, SteersPromptsIntoTheirChunks) {
    Session session(tiny_model(), seeded(1));
    Lengths out;
    TakeRecord take = record();
    take.changes = {{0, 0, 0, "a", false}, {2, 21, 4, "b", false}, {3, 33, 5, "c", true}};
    std::vector<std::string> prompts;
    std::vector<bool> cuts;
    record_take(session, take.steer(), 50, out, [&](const Chunk& chunk) {
        prompts.push_back(session.prompt().text());
        cuts.push_back(chunk.receipt.cut);
    });
    EXPECT_EQ(prompts, (std::vector<std::string>{"a", "a", "b", "c", "c"}));
    EXPECT_EQ(cuts, (std::vector<bool>{false, false, false, true, false}));
}

}  // namespace
}  // namespace longtake::generator
