#include "diffusion/video_model.h"

#include "core/error.h"
#include "core/file.h"
#include "tests/core/temporary_folder.h"
#include "tests/diffusion/testing.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

namespace longtake::diffusion {
namespace {

namespace fs = std::filesystem;

const fs::path kTiny = fs::path(LONGTAKE_TEST_FIXTURES) / "tiny_model";

// A copy of the tiny model that a test may spoil.
class Spoiled {
  public:
    Spoiled() : folder_(root_.path() / "model") {
        fs::copy(kTiny, folder_, fs::copy_options::recursive);
    }
    fs::path operator/(const char* name) const { return folder_ / name; }
    void set(const char* file, const char* key, const nlohmann::json& value) const {
        auto config = nlohmann::json::parse(read_text(folder_ / file));
        config[key] = value;
        std::ofstream(folder_ / file) << config;
    }
    std::shared_ptr<const VideoModel> load() const { return VideoModel::load(folder_, DType::F32); }
    // What loading complains about.
    std::string complaint() const {
        try {
            load();
        } catch (const InputError& e) {
            return e.what();
        }
        return "nothing";
    }

  private:
    TemporaryFolder root_;
    fs::path folder_;
};

TEST(VideoModel, LoadsAWholeFolder) {
    const auto model = VideoModel::load(kTiny, DType::F32);
    EXPECT_EQ(model->config().width, 64);
    EXPECT_EQ(model->config().height, 48);
    EXPECT_EQ(model->latent_height(), 6);
    EXPECT_EQ(model->latent_width(), 8);
    EXPECT_EQ(model->config().denoising_steps, (std::vector<int>{1000, 750, 500, 250}));
    EXPECT_EQ(model->schedule().warp(model->config().denoising_steps)[1], 937.5);
    EXPECT_EQ(model->transformer().config().layers, 2);
    EXPECT_EQ(model->autoencoder().latent_channels(), 16);
    EXPECT_TRUE(model->autoencoder().encodes());
}

TEST(VideoModel, MakesChunksOfAnyLength) {
    const auto model = VideoModel::load(kTiny, DType::F32);
    EXPECT_TRUE(model->in_own_chunks());
    const auto quick = model->in_chunks_of(1);
    EXPECT_EQ(quick->config().chunk_frames, 1);
    EXPECT_FALSE(quick->in_own_chunks());
    EXPECT_EQ(quick->transformer_ptr(), model->transformer_ptr());
    EXPECT_TRUE(model->in_chunks_of(3)->in_own_chunks());
    for (const int64_t frames : {-1, 0, 22}) {
        EXPECT_THROW(model->in_chunks_of(frames), InputError);
    }
}

TEST(VideoModel, ReadsPrompts) {
    const auto model = VideoModel::load(kTiny, DType::F32);
    ASSERT_TRUE(model->reads_prompts());
    const Tensor rows = model->encode("a red ball rolls");
    EXPECT_EQ(rows.extent(1), model->transformer().config().text_dim);
    EXPECT_GT(rows.extent(0), 2);
    EXPECT_TRUE(same_bits(rows, model->encode("  a red\nball   rolls ")));
    EXPECT_FALSE(same_bits(rows, model->encode("a red ball spins")));
    std::string endless;
    for (int i = 0; i < 100; ++i) {
        endless += "red ball ";
    }
    EXPECT_EQ(model->encode(endless).extent(0), model->transformer().config().text_len);
    EXPECT_THROW(model->encode(" "), InputError);
}

TEST(VideoModel, RunsWithDefaultsWhereTheSchedulerIsSilent) {
    const Spoiled folder;
    fs::remove_all(folder / "scheduler");
    fs::remove(folder / "model_index.json");
    const auto model = folder.load();
    EXPECT_EQ(model->config().width, 832);
    EXPECT_EQ(model->config().shift, 5.0);
}

TEST(VideoModel, ReadsFlowShiftToo) {
    const Spoiled folder;
    folder.set("scheduler/scheduler_config.json", "flow_shift", 8.0);
    EXPECT_EQ(folder.load()->config().shift, 8.0);
}

TEST(VideoModel, TakesWeightsUnderTheirPublishedName) {
    const Spoiled folder;
    fs::rename(folder / "vae/diffusion_pytorch_model.safetensors", folder / "vae/taew.safetensors");
    EXPECT_NO_THROW(folder.load());
}

TEST(VideoModel, NeedsNoTextEncoderUntilAPromptComes) {
    const Spoiled folder;
    fs::remove_all(folder / "text_encoder");
    const auto model = folder.load();
    EXPECT_FALSE(model->reads_prompts());
    EXPECT_THROW(model->encode("a red ball"), InputError);
}

struct Defect {
    const char* name;
    std::function<void(const Spoiled&)> spoil;
    const char* complaint;  // holds this
};

void PrintTo(const Defect& defect, std::ostream* out) {
    *out << defect.name;
}

const char* const kScheduler = "scheduler/scheduler_config.json";
const std::vector<Defect> kDefects{
    {"NoTransformer", [](auto& f) { fs::remove_all(f / "transformer"); }, "no transformer there"},
    {"NoVae", [](auto& f) { fs::remove_all(f / "vae"); }, "no vae there"},
    {"NoTokenizer", [](auto& f) { fs::remove_all(f / "tokenizer"); }, "no tokenizer there"},
    {"NoPieces", [](auto& f) { fs::remove(f / "tokenizer/spiece.model"); }, "spiece.model"},
    {"NoWeights", [](auto& f) { fs::remove(f / "vae/diffusion_pytorch_model.safetensors"); },
     "vae"},
    {"OtherAutoencoder",
     [](auto& f) { f.set("vae/config.json", "_class_name", "AutoencoderKLWan"); },
     "AutoencoderTAEHV"},
    {"MeansWithoutDeviations", [](auto& f) { f.set("vae/config.json", "latents_std", nullptr); },
     "latents_std"},
    {"NegativeDeviation",
     [](auto& f) { f.set("vae/config.json", "latents_std", std::vector<double>(16, -1.0)); },
     "latents_std"},
    {"OtherWidths",
     [](auto& f) {
         f.set("vae/config.json", "decoder_channels", {24, 16, 16, 8});
     },
     "decoder.14.weight"},
    {"StepsThatRise",
     [](auto& f) {
         f.set(kScheduler, "denoising_steps", {250, 500});
     },
     "denoising_steps"},
    {"NoSteps", [](auto& f) { f.set(kScheduler, "denoising_steps", nlohmann::json::array()); },
     "denoising_steps"},
    {"OddSize", [](auto& f) { f.set(kScheduler, "width", 72); }, "multiples"},
    {"SizeInWords", [](auto& f) { f.set(kScheduler, "height", "tall"); }, "height"},
    {"NarrowWindow", [](auto& f) { f.set(kScheduler, "window_frames", 2); }, "window_frames"},
    {"NotJson", [](auto& f) { std::ofstream(f / kScheduler) << "shift = 5"; }, "not a JSON"},
    {"OtherTextWidth", [](auto& f) { f.set("text_encoder/config.json", "d_model", 64); },
     "text_encoder"},
    {"OtherTextEncoder",
     [](auto& f) {
         const fs::path other = fs::path(LONGTAKE_TEST_FIXTURES) / "tiny_umt5";
         fs::remove_all(f / "text_encoder");
         fs::create_directory(f / "text_encoder");
         fs::copy(other / "config.json", f / "text_encoder/config.json");
         fs::copy(other / "model.safetensors", f / "text_encoder/model.safetensors");
     },
     "reads text of width 32, the text encoder makes 48"},
    {"OtherTokenizer",
     [](auto& f) {
         fs::copy(fs::path(LONGTAKE_TEST_FIXTURES) / "tiny_umt5/tokenizer/spiece.model",
                  f / "tokenizer/spiece.model", fs::copy_options::overwrite_existing);
     },
     "the tokenizer has"},
    {"OtherFeedForward",
     [](auto& f) { f.set("text_encoder/config.json", "feed_forward_proj", "relu"); }, "gated-gelu"},
};

class DefectTest : public testing::TestWithParam<Defect> {};
INSTANTIATE_TEST_SUITE_P(VideoModel, DefectTest, testing::ValuesIn(kDefects),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_P(DefectTest, IsNamed) {
    const Spoiled folder;
    GetParam().spoil(folder);
    const std::string complaint = folder.complaint();
    EXPECT_NE(complaint.find(GetParam().complaint), std::string::npos) << complaint;
    EXPECT_EQ(complaint.find('\n'), std::string::npos) << complaint;
}

TEST(VideoModel, RefusesAFolderThatIsNotThere) {
    EXPECT_THROW(VideoModel::load("/no/such/model", DType::F32), InputError);
}

}  // namespace
}  // namespace longtake::diffusion
