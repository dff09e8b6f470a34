#include "core/image.h"
#include "core/safetensors.h"
#include "tests/tools/longtake_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace longtake {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

// What stands below "Example:" in a command's help.
std::string example(const Runner& runner, const std::string& command) {
    const Outcome help = runner.run({command, "--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_EQ(help.err, "");
    const size_t at = help.out.find("Example:\n");
    EXPECT_NE(at, std::string::npos) << command << " shows no example";
    return at == std::string::npos ? "false" : help.out.substr(at + 9);
}

TEST(Commands, ExamplesRunAsWritten) {
    Runner runner;
    const auto bin = std::filesystem::path(LONGTAKE_BINARY).parent_path().string();
    runner.options.environment["PATH"] = bin + ":" + std::getenv("PATH");
    runner.run({"generate", "--frames", "9"});  // the video that `info` looks at
    std::filesystem::copy(kCheckpoints / "self_forcing_dmd.pt",
                          runner.folder / "self_forcing_dmd.pt");
    std::filesystem::create_directory(runner.folder / "frames");
    for (const char* cloud : {"scene.ply", "frames/0.ply", "frames/1.ply"}) {
        std::filesystem::copy(std::filesystem::path(LONGTAKE_TEST_FIXTURES) / "splats/odd.ply",
                              runner.folder / cloud);
    }
    for (const char* stream : {"scene.ltv", "a.ltv", "b.ltv"}) {
        std::filesystem::copy(std::filesystem::path(LONGTAKE_ASSETS) / "streams/toyworld.ltv",
                              runner.folder / stream);
    }
    std::filesystem::copy(std::filesystem::path(LONGTAKE_TEST_FIXTURES) / "tracks/plain.npz",
                          runner.folder / "tracks.npz");
    for (const char* command : {"generate", "render", "info", "convert", "concat", "bench",
                                "calibrate", "takes", "track", "doctor"}) {
        const Outcome outcome = runner.shell(example(runner, command));
        EXPECT_EQ(outcome.exit_code, 0) << command << ": " << outcome.err;
    }
}

TEST(Commands, HelpListsWhatExists) {
    const Runner runner;
    const Outcome help = runner.run({"--help"});
    EXPECT_EQ(help.exit_code, 0);
    for (const char* command : {"generate", "view", "encode", "render", "info", "convert", "concat",
                                "bench", "calibrate", "takes", "track", "doctor"}) {
        EXPECT_THAT(help.out, HasSubstr(command));
    }
    EXPECT_THAT(runner.run({"--version"}).out, ContainsRegex("^[0-9]+\\.[0-9]+\\.[0-9]+\n$"));
}

TEST(Commands, InfoDescribesModelsWeightsAndVideos) {
    const Runner runner;
    const Outcome model = runner.run({"info", runner.model().string()});
    EXPECT_EQ(model.exit_code, 0) << model.err;
    EXPECT_THAT(model.out, HasSubstr("64x48 at 16 frames/s"));
    EXPECT_THAT(model.out, HasSubstr("2 layers, 2 heads of 32"));
    const Outcome weights =
        runner.run({"info", (runner.model() / "text_encoder/model.safetensors").string()});
    EXPECT_THAT(weights.out, HasSubstr("shared.weight"));
    EXPECT_THAT(weights.out, HasSubstr("made_by = make_tiny_model.py"));
    runner.run({"generate", "--frames", "21"});
    const Outcome video = runner.run({"info", "longtake.mp4"});
    EXPECT_THAT(video.out, HasSubstr("video 64x48, 21 frames at 16 frames/s"));
}

TEST(Commands, BenchMeasures) {
    const Runner runner;
    for (int i = 0; i < 2; ++i) {
        const Outcome bench = runner.run(
            {"bench", "--seconds", "70", "--cache", "deep-sink", "--json", "bench.json"});
        EXPECT_EQ(bench.exit_code, 0) << bench.err;
        EXPECT_THAT(bench.out, HasSubstr("diffuse"));
    }
    std::ifstream file(runner.folder / "bench.json");
    int found = 0;
    for (std::string line; std::getline(file, line); ++found) {
        const auto json = nlohmann::json::parse(line);
        EXPECT_THAT(json["command"], HasSubstr("bench --seconds 70 --cache deep-sink"));
        for (const char* part : {"diffuse_ms", "decode_ms", "finalize_ms"}) {
            EXPECT_GT(json[part]["median"], 0);
            EXPECT_GE(json[part]["p99"], json[part]["median"]);
        }
        EXPECT_GT(json["frames_per_second"], 0);
        EXPECT_GT(json["first_frame_s"], 0);
        EXPECT_GT(json["gemm_gflops"], json["transformer_gflops"]);
        EXPECT_EQ(json["memory_mib"].size(), 2u);  // after a minute, and at the end
        EXPECT_EQ(json["chunks"], 87);             // 94 less the seven until the window is full
    }
    EXPECT_EQ(found, 2);
}

TEST(Commands, BenchPacesTakes) {
    const Runner runner;
    const Outcome bench = runner.run({"bench", "--sessions", "4", "--batch", "2", "--workers", "2",
                                      "--seconds", "2", "--json", "paced.json"});
    EXPECT_EQ(bench.exit_code, 0) << bench.err;
    EXPECT_THAT(bench.out, HasSubstr("4 takes by 2 threads"));
    std::ifstream file(runner.folder / "paced.json");
    const auto json = nlohmann::json::parse(file);
    EXPECT_EQ(json["chunks"], 8);  // two of each
    EXPECT_GT(json["ready_ms"]["median"], 0);
    EXPECT_LE(json["late"], json["chunks"]);
}

TEST(Commands, TakesKeepsClipsAndGoesOnWhereItWas) {
    const Runner runner;
    std::ofstream(runner.folder / "prompts.txt") << "a red ball\n0s: a cube | 2s: a cone\n";
    const auto takes = [&](const char* batch = "1") {
        return runner.run({"takes", "--prompts", "prompts.txt", "--caches", "window",
                           "deep-sink:sink=4", "--seconds", "5", "--starts", "0,30,60", "--length",
                           "20", "--batch", batch, "-o", "out"});
    };
    EXPECT_EQ(takes().exit_code, 0);
    const auto clips = [&](const std::string& path) {
        return SafetensorsFile::open(runner.folder / "out" / path)->tensor("clips").clone();
    };
    const Tensor one = clips("window/000.safetensors"),
                 other = clips("deep-sink:sink=4/000.safetensors");
    EXPECT_EQ(one.shape(), (Shape{3, 20, 24, 32, 3}));
    const auto same = [](const Tensor& a, const Tensor& b, int64_t clip) {
        return std::ranges::equal(a.slice(clip, clip + 1).values<uint8_t>(),
                                  b.slice(clip, clip + 1).values<uint8_t>());
    };
    EXPECT_TRUE(same(one, other, 0));  // the window is not full yet
    EXPECT_FALSE(same(clips("window/001.safetensors"), one, 0));
    // The last clip ends with the take: its frames are those `generate` makes, at half the size.
    runner.run({"generate", "--prompt", "a red ball", "--cache", "window", "--seconds", "5", "-o",
                "frames/"});
    const Tensor frame = read_png(runner.folder / "frames/frame_000079.png");
    const uint8_t* p = frame.data<uint8_t>() + (10 * 64 + 20) * 3;
    EXPECT_EQ(one.slice(2, 3).data<uint8_t>()[((19 * 24 + 5) * 32 + 10) * 3],
              (p[0] + p[3] + p[192] + p[195] + 2) / 4);
    std::filesystem::remove(runner.folder / "out/window/001.safetensors");
    const auto when =
        std::filesystem::last_write_time(runner.folder / "out/window/000.safetensors");
    EXPECT_EQ(takes().exit_code, 0);
    EXPECT_EQ(std::filesystem::last_write_time(runner.folder / "out/window/000.safetensors"), when);
    EXPECT_FALSE(same(clips("window/001.safetensors"), one, 0));
    const Tensor alone = clips("window/001.safetensors");
    std::filesystem::remove_all(runner.folder / "out/window");
    EXPECT_EQ(takes("2").exit_code, 0);
    for (const int64_t clip : {0, 1, 2}) {
        EXPECT_TRUE(same(clips("window/000.safetensors"), one, clip));
        EXPECT_TRUE(same(clips("window/001.safetensors"), alone, clip));
    }
}

TEST(Commands, DoctorSaysWhatIsMissing) {
    const Runner runner;
    const Outcome well = runner.run({"doctor"});
    EXPECT_EQ(well.exit_code, 0) << well.out << well.err;
    EXPECT_THAT(well.out, HasSubstr("toyworld"));
    std::filesystem::resize_file(runner.model() / "vae/diffusion_pytorch_model.safetensors", 1000);
    const Outcome ill = runner.run({"doctor"});
    EXPECT_EQ(ill.exit_code, 1);
    EXPECT_THAT(ill.out, HasSubstr("!!  bundled model"));
    EXPECT_EQ(lines(ill.err), 1u);
}

TEST(Commands, AFullOutputIsAnError) {
    const Runner runner;
    const Outcome outcome = runner.shell(std::string(LONGTAKE_BINARY) + " doctor > /dev/full");
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("stdout"));
}

}  // namespace
}  // namespace longtake
