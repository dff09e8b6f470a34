#include "core/safetensors.h"
#include "tests/tools/longtake_runner.h"
#include "tests/tools/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace longtake {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// The folder of someone who has the public checkpoints.
class Convert : public ::testing::Test {
  protected:
    Convert() {
        fs::create_directories(theirs / "google/umt5-xxl");
        for (const char* name :
             {"self_forcing_dmd.pt", "models_t5_umt5-xxl-enc-bf16.pth", "taew2_1.pth"}) {
            fs::copy(kCheckpoints / name, theirs / name);
        }
        fs::copy(kCheckpoints / "wan_config.json", theirs / "config.json");
        fs::copy(kTinyModel / "tokenizer/spiece.model", theirs / "google/umt5-xxl/spiece.model");
        std::ofstream(theirs / "scheduler_config.json") << R"({"width": 64, "height": 48})";
    }
    void expect_refused(const std::vector<std::string>& arguments, const std::string& reason) {
        longtake::expect_refused(runner, arguments, reason);
    }
    std::string latents_of(const std::string& model) const {
        const Outcome made =
            runner.run({"generate", "--model", model, "--frames", "9", "--precision", "fp32",
                        "--dump-latents", "l.safetensors", "-o", "out.mp4"});
        EXPECT_EQ(made.exit_code, 0) << made.err;
        const Tensor t = SafetensorsFile::open(runner.folder / "l.safetensors")->tensor("latents");
        return {static_cast<const char*>(t.raw()), t.bytes()};
    }

    Runner runner;
    const fs::path theirs = runner.folder / "theirs";
};

TEST_F(Convert, TheVideoStaysTheSame) {
    const Outcome outcome = runner.run({"convert", "theirs", "-o", "ours"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("100%"));
    const std::string latents = latents_of("theirs");
    EXPECT_EQ(latents, latents_of("ours"));
    EXPECT_EQ(runner.run({"convert", "theirs", "-o", "eight", "--dtype", "fp8"}).exit_code, 0);
    const std::string near = latents_of("eight");
    EXPECT_EQ(near.size(), latents.size());
    EXPECT_NE(near, latents);
}

TEST_F(Convert, InfoSaysWhatIsThere) {
    fs::copy(kTinyModel / "transformer/diffusion_pytorch_model.safetensors",
             theirs / "diffusion_pytorch_model.safetensors");
    const Outcome whole = runner.run({"info", "theirs"});
    EXPECT_EQ(whole.exit_code, 0) << whole.err;
    for (const char* said :
         {"2 layers, 2 heads of 32", "bf16, original names, PyTorch, generator_ema",
          "theirs/self_forcing_dmd.pt", "TAEHV, 16 latent channels, decoder and encoder",
          "umT5, 2 layers", "google/umt5-xxl/spiece.model",
          "theirs/diffusion_pytorch_model.safetensors (transformer)"}) {
        EXPECT_THAT(whole.out, HasSubstr(said));
    }
    fs::remove(theirs / "taew2_1.pth");
    const Outcome part = runner.run({"info", "theirs"});
    EXPECT_EQ(part.exit_code, 2);
    EXPECT_THAT(part.out, HasSubstr("missing      vae: add taew2_1"));
    EXPECT_THAT(part.err, HasSubstr("no vae there"));
    const Outcome file = runner.run({"info", "theirs/self_forcing_dmd.pt"});
    EXPECT_EQ(file.exit_code, 0);
    EXPECT_THAT(file.out, HasSubstr("PyTorch, generator_ema; transformer, original names"));
}

TEST_F(Convert, BadInput) {
    std::ofstream(theirs / "half.pt") << "PK\x03\x04";
    write_safetensors(runner.folder / "other.safetensors", {{"x", Tensor::zeros({2})}});
    expect_refused({"convert", "missing.pt", "-o", "a.safetensors"}, "missing.pt");
    expect_refused({"convert", "theirs/half.pt", "-o", "a.safetensors"}, "cut off");
    expect_refused({"convert", "theirs", "-o", "ours"}, "half.pt");
    expect_refused({"convert", "other.safetensors", "-o", "a.safetensors"}, "not a checkpoint of");
    fs::remove(theirs / "half.pt");
    expect_refused({"convert", "theirs", "-o", "a.safetensors"}, "holds 3 checkpoints");
    expect_refused({"convert", "theirs", "-o", "assets"}, "exists already");
    expect_refused({"convert", "theirs", "-o", "no/such/folder"}, "no/such/folder");
    expect_refused({"convert", "theirs", "-o", "a", "--dtype", "int4"}, "--dtype");
    fs::copy(kCheckpoints / "lora.pt", runner.folder / "lora.pt");
    expect_refused({"convert", "lora.pt", "-o", "a.safetensors"}, "is a LoRA");
    expect_refused({"generate", "--model", "theirs/self_forcing_dmd.pt"}, "no such folder");
}

}  // namespace
}  // namespace longtake
