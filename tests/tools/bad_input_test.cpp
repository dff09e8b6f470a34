#include "core/device.h"
#include "core/safetensors.h"
#include "tests/tools/longtake_runner.h"
#include "tests/tools/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

namespace longtake {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

TEST(BadInput, CommandLine) {
    const Runner runner;
    expect_refused(runner, {}, "a command is missing");
    expect_refused(runner, {"watch"},
                   "generate, embed, view, encode, render, info, convert, concat, bench, "
                   "calibrate, takes, track or doctor");
    expect_refused(runner, {"generate", "--colour"}, "--colour");
    expect_refused(runner, {"generate", "--precision", "fp8"}, "fp8");
    expect_refused(runner, {"generate", "--device", "tpu"}, "tpu");
    expect_refused(runner, {"bench", "--size", "wan-2b"}, "wan-1.3b-taehv");
    expect_refused(runner, {"generate", "--threads", "0"}, "--threads");
    expect_refused(runner, {"generate", "--seed", "x"}, "seed");
    expect_refused(runner, {"generate", "--prompt", "a", "--script", "b"}, "excludes");
    expect_refused(runner, {"info"}, "PATH");
}

TEST(BadInput, AGpuThatIsNotThere) {
    const Runner runner;
    if (cuda_devices() > 0) {
        GTEST_SKIP() << "there is one";
    }
    expect_refused(runner, {"generate", "--device", "cuda"}, "choose --device cpu");
}

TEST(BadInput, Prompts) {
    const Runner runner;
    std::ofstream(runner.folder / "back.txt") << "0s: a\n5s: b\n4s: c\n";
    std::ofstream(runner.folder / "empty.txt") << "# nothing\n";
    expect_refused(runner, {"generate", "--prompt", ""}, "the prompt is empty");
    expect_refused(runner, {"generate", "--prompt", "   "}, "the prompt is empty");
    expect_refused(runner, {"generate", "--prompt", "0s: a | 9s: b | 3s: c"}, "3s does not come");
    expect_refused(runner, {"generate", "--prompt", "0s: a | 5x: b"}, "5x");
    expect_refused(runner, {"generate", "--script", "back.txt"}, "back.txt:3");
    expect_refused(runner, {"generate", "--script", "empty.txt"}, "empty.txt");
    expect_refused(runner, {"generate", "--script", "missing.txt"}, "missing.txt");
}

TEST(BadInput, Lengths) {
    const Runner runner;
    expect_refused(runner, {"generate", "--seconds", "0"}, "less than one frame");
    expect_refused(runner, {"generate", "--seconds", "1e9"}, "not a time");
    expect_refused(runner, {"generate", "--seconds", "1000000000"}, "seven days");
    expect_refused(runner, {"generate", "--seconds", "-5"}, "-5");
    expect_refused(runner, {"generate", "--seconds", "nan"}, "nan");
    expect_refused(runner, {"generate", "--frames", "0"}, "--frames");
    expect_refused(runner, {"generate", "--frames", "999999999999"}, "seven days");
    expect_refused(runner, {"generate", "--seconds", "60", "--cache", "full"}, "81 frames");
    expect_refused(runner, {"bench", "--seconds", "0"}, "--seconds");
    expect_refused(runner, {"bench", "--sessions", "2", "--workers", "0"}, "--workers");
    expect_refused(runner, {"bench", "--workers", "2"}, "--sessions");
    expect_refused(runner, {"bench", "--sessions", "3", "--batch", "2"}, "--batch");
    expect_refused(runner, {"bench", "--sessions", "34", "--batch", "17"}, "--batch");
    expect_refused(runner, {"takes", "--prompts", "prompts.txt", "--batch", "0"}, "--batch");
    std::ofstream(runner.folder / "prompts.txt") << "a red ball\n";
    std::ofstream(runner.folder / "none.txt") << "# nothing\n";
    expect_refused(runner, {"takes", "--prompts", "none.txt"}, "none.txt: no prompts");
    expect_refused(runner, {"takes", "--prompts", "prompts.txt", "--seconds", "4"}, "81 frames");
    expect_refused(runner, {"takes", "--prompts", "prompts.txt", "--starts", "80"}, "frame 80");
    expect_refused(runner, {"takes", "--prompts", "prompts.txt", "--starts", "-1"}, "--starts");
    expect_refused(runner, {"takes", "--prompts", "prompts.txt", "--caches", "full"}, "full");
}

TEST(BadInput, Caches) {
    const Runner runner;
    expect_refused(runner, {"generate", "--cache", "deep"}, "deep-forcing");
    expect_refused(runner, {"generate", "--cache", "window:sink=3"}, "no option 'sink'");
    expect_refused(runner, {"generate", "--cache", "deep-forcing:budget=40"}, "budget=40");
    expect_refused(runner, {"generate", "--cache", "deep-forcing:sink=13"}, "use budget=17");
    expect_refused(runner, {"generate", "--cache", "ema-sink:window=3"}, "use window=4 or more");
    expect_refused(runner, {"generate", "--cache", "window:window=99999"}, "outside");
    expect_refused(runner, {"generate", "--cache", "forcing-kv"}, "`longtake calibrate` makes it");
    expect_refused(runner, {"generate", "--cache", "retrieval:window=8"}, "use window=9 or more");
    expect_refused(runner, {"generate", "--cache", "retrieval:disk=1,dir=/dev/full"},
                   "/dev/full is not a folder");
    expect_refused(runner, {"generate", "--cache", "retrieval:disk=1000000000"}, "has room for");
    std::ofstream(runner.folder / "bad.json") << "{}";
    std::ofstream(runner.folder / "other.json")
        << R"({"layers": 3, "heads": 2, "recent": [], "first": [], "middle": []})";
    std::ofstream(runner.folder / "short.json")
        << R"({"layers": 2, "heads": 2, "recent": [1], "first": [], "middle": []})";
    expect_refused(runner, {"generate", "--cache", "dummy-forcing:heads=bad.json"},
                   "bad.json: not");
    expect_refused(runner, {"generate", "--cache", "dummy-forcing:heads=other.json"},
                   "a model of 3 layers of 2 heads, this one has 2 of 2");
    expect_refused(runner, {"generate", "--cache", "forcing-kv:heads=short.json"}, "for 4 heads");
    expect_refused(runner, {"generate", "--on-drift", "reanchor"}, "drift.json is not there");
    expect_refused(runner, {"generate", "--on-drift", "panic"}, "--on-drift");
    expect_refused(runner, {"generate", "--steps", "500,750"}, "must fall");
    expect_refused(runner, {"generate", "--steps", "0"}, "step 0");
    expect_refused(runner, {"generate", "--chunk", "0"}, "--chunk");
    expect_refused(runner, {"generate", "--chunk", "22"}, "choose 1 to 21");
}

TEST(BadInput, Outputs) {
    const Runner runner;
    expect_refused(runner, {"generate", "-o", "no/such/folder/a.mp4"}, "no/such/folder");
    expect_refused(runner, {"generate", "-o", "/proc/a.mp4"}, "/proc/a.mp4");
    expect_refused(runner, {"generate", "-o", "a.xyz"}, "a.xyz");
    expect_refused(runner, {"generate", "--codec", "h999"}, "h999");
    expect_refused(runner, {"generate", "--crf", "99"}, "--crf");
    expect_refused(runner, {"generate", "--dump-latents", "no/folder/l.safetensors"},
                   "no/folder/l.safetensors");
    expect_refused(runner, {"bench", "--json", "no/folder/b.json"},
                   "no/folder/b.json: cannot write there: No such file or directory");
}

TEST(BadInput, AFullDisk) {
    Runner runner;
    // Files may not grow beyond this; the write fails as it does on a full disk.
    runner.options.before_exec = [] {
        const struct rlimit limit = {30'000, 30'000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        std::signal(SIGXFSZ, SIG_IGN);
    };
    const Outcome outcome = runner.run({"generate", "--frames", "2000", "--crf", "1"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("longtake: cannot write longtake.mp4: File too large"));
    EXPECT_GT(runner.frames_of("longtake.mp4.partial"), 0);
    EXPECT_FALSE(fs::exists(runner.folder / "longtake.mp4"));
}

TEST(BadInput, OtherFiles) {
    const Runner runner;
    std::ofstream(runner.folder / "text.png") << "this is no picture";
    write_safetensors(runner.folder / "other.safetensors", {{"x", Tensor::zeros({2, 2})}});
    write_safetensors(runner.folder / "noise.safetensors",
                      {{"noise", Tensor::zeros({300, 16, 7, 8})}});
    write_safetensors(runner.folder / "embeds.safetensors",
                      {{"prompt_embeds", Tensor::zeros({3, 31})}});
    expect_refused(runner, {"generate", "--image", "missing.png"}, "missing.png");
    expect_refused(runner, {"generate", "--image", "text.png"}, "text.png");
    expect_refused(runner, {"generate", "--noise", "other.safetensors"}, "noise");
    expect_refused(runner, {"generate", "--noise", "noise.safetensors", "--frames", "20"},
                   "[3, 16, 7, 8]");
    expect_refused(runner, {"generate", "--prompt-embeds", "other.safetensors"}, "prompt_embeds");
    expect_refused(runner, {"generate", "--prompt-embeds", "embeds.safetensors"}, "embeds");
    expect_refused(runner, {"info", "missing.mp4"}, "missing.mp4");
    expect_refused(runner, {"info", "text.png"}, "text.png");
    // Control characters do not reach the terminal.
    expect_refused(runner, {"info", "a\n\x1b[2Jb.mp4"}, "a??[2Jb.mp4");
    fs::create_directory(runner.folder / "empty");
    const Outcome empty = runner.run({"info", "empty"});
    EXPECT_EQ(empty.exit_code, 2);
    EXPECT_THAT(empty.err, HasSubstr("empty: no transformer there; add"));
}

class BadModel : public ::testing::Test {
  protected:
    void expect_refused_model(const std::string& reason) {
        expect_refused(runner, {"generate", "--frames", "9"}, reason);
        // `info` lists what is sound before it complains.
        const Outcome info = runner.run({"info", runner.model().string()});
        EXPECT_EQ(info.exit_code, 2);
        EXPECT_EQ(lines(info.err), 1u) << info.err;
        EXPECT_THAT(info.err, HasSubstr(reason));
    }
    fs::path weights() const {
        return runner.model() / "transformer/diffusion_pytorch_model.safetensors";
    }
    Runner runner;
};

TEST_F(BadModel, NoFolder) {
    expect_refused(runner, {"generate", "--model", "nowhere"}, "nowhere");
    fs::remove_all(runner.model());
    std::error_code none;
    if (!fs::exists(fs::path(LONGTAKE_ASSETS) / "models/toyworld/model_index.json", none)) {
        expect_refused(runner, {"generate"}, "--model DIR");
    }
}

TEST_F(BadModel, MissingWeights) {
    fs::remove(weights());
    expect_refused_model("transformer");
}

TEST_F(BadModel, TruncatedWeights) {
    fs::resize_file(weights(), fs::file_size(weights()) / 2);
    expect_refused_model("diffusion_pytorch_model.safetensors");
}

TEST_F(BadModel, EmptyWeights) {
    fs::resize_file(weights(), 0);
    expect_refused_model("diffusion_pytorch_model.safetensors");
}

TEST_F(BadModel, ConfigOfAnotherModel) {
    const auto config = runner.model() / "transformer/config.json";
    std::string text = read_text(config);
    text.replace(text.find("128"), 3, "256");  // the feed-forward width
    std::ofstream(config) << text;
    expect_refused_model("ffn");
}

TEST_F(BadModel, ConfigWithFewerLayersThanTheWeights) {
    for (const char* part : {"transformer", "text_encoder"}) {
        const auto config = runner.model() / part / "config.json";
        const std::string text = read_text(config);
        std::string fewer = text;
        fewer.replace(fewer.find("\"num_layers\": 2") + 14, 1, "1");
        std::ofstream(config) << fewer;
        expect_refused_model(std::string(part) +
                             "/config.json: num_layers is 1, but the weights have 2");
        std::ofstream(config) << text;
    }
}

TEST_F(BadModel, ConfigThatIsNoJson) {
    std::ofstream(runner.model() / "scheduler/scheduler_config.json") << "{";
    expect_refused_model("scheduler_config.json");
}

TEST_F(BadModel, WeightsThatAreNotNumbers) {
    const auto size = static_cast<std::streamoff>(fs::file_size(weights()));
    std::fstream file(weights(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(size - 2);
    file.write("\xc0\x7f", 2);  // a bf16 NaN
    file.close();
    expect_refused(runner, {"generate", "--frames", "9"}, "diffusion_pytorch_model.safetensors");
}

}  // namespace
}  // namespace longtake
