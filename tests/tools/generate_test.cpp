#include "core/image.h"
#include "core/safetensors.h"
#include "diffusion/video_model.h"
#include "generator/noise.h"
#include "tests/tools/longtake_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace longtake {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Tensor latents(const Runner& runner, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"generate", "--frames", "93", "--dump-latents",
                                         "l.safetensors", "--precision", "fp32"});
    const Outcome outcome = runner.run(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return SafetensorsFile::open(runner.folder / "l.safetensors")->tensor("latents").clone();
}

bool equal(const Tensor& a, const Tensor& b) {
    return a.shape() == b.shape() && std::ranges::equal(a.values<float>(), b.values<float>());
}

TEST(Generate, WritesAVideoOfTheLengthAskedFor) {
    const Runner runner;
    const Outcome outcome = runner.run({"generate", "--seconds", "2.5"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(runner.files(), (std::vector<std::string>{"longtake.mp4"}));
    const Tensor video = read_video((runner.folder / "longtake.mp4").string(), 100);
    EXPECT_EQ(video.shape(), (Shape{40, 48, 64, 3}));
    EXPECT_THAT(outcome.err, HasSubstr("40 frames in"));
    for (const char* part : {"diffuse", "decode", "finalize", "first frame", "peak memory"}) {
        EXPECT_THAT(outcome.err, HasSubstr(part));
    }
}

TEST(Generate, WritesPicturesAndStreams) {
    const Runner runner;
    EXPECT_EQ(runner.run({"generate", "--frames", "10", "-o", "frames/"}).exit_code, 0);
    int pictures = 0;
    for (const auto& entry : std::filesystem::directory_iterator(runner.folder / "frames")) {
        EXPECT_EQ(read_png(entry.path()).shape(), (Shape{48, 64, 3}));
        ++pictures;
    }
    EXPECT_EQ(pictures, 10);
    const Outcome stream =
        runner.run({"generate", "--frames", "10", "-o", "-", "--stream-format", "y4m"});
    EXPECT_EQ(stream.exit_code, 0) << stream.err;
    EXPECT_THAT(stream.out, StartsWith("YUV4MPEG2 W64 H48 F16:1"));
    EXPECT_GT(stream.out.size(), 10u * 64 * 48);
}

TEST(Generate, TheSameCommandMakesTheSameVideo) {
    const Runner runner;
    const Tensor one = latents(runner, {"--seed", "7"});
    EXPECT_EQ(one.shape(), (Shape{24, 16, 6, 8}));
    EXPECT_TRUE(equal(one, latents(runner, {"--seed", "7"})));
    EXPECT_FALSE(equal(one, latents(runner, {"--seed", "8"})));
    EXPECT_FALSE(equal(one, latents(runner, {"--seed", "7", "--prompt", "a blue cube"})));
    EXPECT_FALSE(equal(one, latents(runner, {"--seed", "7", "--cache", "window"})));
    EXPECT_FALSE(equal(one, latents(runner, {"--seed", "7", "--steps", "1000,500"})));
    EXPECT_FALSE(equal(one, latents(runner, {"--seed", "7", "--chunk", "1"})));
    EXPECT_TRUE(equal(one, latents(runner, {"--seed", "7", "--chunk", "3"})));
}

TEST(Generate, NoiseAndPromptMayComeFromFiles) {
    const Runner runner;
    const Tensor expected = latents(runner, {"--seed", "7", "--prompt", "a red ball"});
    Tensor noise({24, 16, 6, 8}, DType::F32), renoise({3, 24, 16, 6, 8}, DType::F32);
    const size_t chunk = 3 * 16 * 6 * 8;
    for (uint64_t c = 0; c < 8; ++c) {
        generator::fill_gaussian({7, c, 0}, noise.values<float>().subspan(c * chunk, chunk));
        for (uint32_t step = 1; step < 4; ++step) {
            generator::fill_gaussian(
                {7, c, step}, renoise.values<float>().subspan(((step - 1) * 8 + c) * chunk, chunk));
        }
    }
    write_safetensors(runner.folder / "n.safetensors", {{"noise", noise}, {"renoise", renoise}});
    EXPECT_EQ(
        runner.run({"embed", "a red ball", "-o", "e.safetensors", "--precision", "fp32"}).exit_code,
        0);
    EXPECT_TRUE(equal(expected, latents(runner, {"--noise", "n.safetensors", "--prompt-embeds",
                                                 "e.safetensors"})));
}

TEST(Generate, ScriptsAndPromptsAreTheSameThing) {
    const Runner runner;
    std::ofstream(runner.folder / "s.txt") << "# two scenes\n0s: a red ball\n2s!: a blue cube\n";
    const Tensor script = latents(runner, {"--script", "s.txt"});
    EXPECT_TRUE(equal(script, latents(runner, {"--prompt", "0s: a red ball | 2s!: a blue cube"})));
    const Tensor plain = latents(runner, {"--prompt", "a red ball"});
    // The past does not know: frames 0 to 32 are the chunks that begin before 2 s.
    EXPECT_TRUE(equal(script.slice(0, 9), plain.slice(0, 9)));
    EXPECT_FALSE(equal(script.slice(9, 12), plain.slice(9, 12)));
}

TEST(Generate, MayBeginWithAPicture) {
    const Runner runner;
    Tensor image({48, 64, 3}, DType::U8);
    std::ranges::fill(image.values<uint8_t>(), uint8_t{200});
    write_png(runner.folder / "p.png", image);
    const Outcome outcome = runner.run({"generate", "--image", "p.png", "--frames", "14"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(runner.frames_of("longtake.mp4"), 14);
}

TEST(Generate, ReplacesAnOlderVideoOnlyWithAWholeOne) {
    const Runner runner;
    std::ofstream(runner.folder / "longtake.mp4") << "older";
    EXPECT_EQ(runner.run({"generate", "--frames", "9", "--noise", "missing"}).exit_code, 2);
    EXPECT_EQ(read_text(runner.folder / "longtake.mp4"), "older");
    EXPECT_EQ(runner.run({"generate", "--frames", "9"}).exit_code, 0);
    EXPECT_EQ(runner.frames_of("longtake.mp4"), 9);
}

}  // namespace
}  // namespace longtake
