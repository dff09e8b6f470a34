// Models that make videos of a picture, as ATI's and Wan-Move's: what the commands say and do.
#include "core/image.h"
#include "core/safetensors.h"
#include "tests/diffusion/picture_folder.h"
#include "tests/tools/refusal.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class PictureCommands : public ::testing::Test {
  protected:
    PictureCommands() {
        diffusion::make_picture_folder(theirs);
        Tensor picture({48, 64, 3}, DType::U8);
        for (int64_t i = 0; i < picture.count(); ++i) {
            picture.data<uint8_t>()[i] = static_cast<uint8_t>(i * 7 % 251);
        }
        write_png(runner.folder / "start.png", picture);
        std::ofstream(runner.folder / "tracks.json")
            << R"([{"x": 10, "y": 20}, {"x": 20, "y": 20}, {"x": 40, "y": 22}])";
    }
    std::vector<std::string> generate(const std::string& model) const {
        return {"generate",    "--model", model,      "--image",     "start.png", "--frames", "13",
                "--precision", "fp32",    "--tracks", "tracks.json", "-o",        "out.mp4"};
    }
    // Of a take that follows the tracks.
    std::string latents_of(const std::string& model) const {
        auto arguments = generate(model);
        arguments.insert(arguments.end(), {"--dump-latents", "l.safetensors"});
        const Outcome made = runner.run(arguments);
        EXPECT_EQ(made.exit_code, 0) << made.err;
        EXPECT_THAT(made.err, Not(HasSubstr("will not")));
        const Tensor t = SafetensorsFile::open(runner.folder / "l.safetensors")->tensor("latents");
        return {static_cast<const char*>(t.raw()), t.bytes()};
    }
    void expect_refused(const std::vector<std::string>& arguments, const std::string& reason) {
        longtake::expect_refused(runner, arguments, reason);
    }

    Runner runner;
    const fs::path theirs = runner.folder / "Wan2.1-ATI-14B-480P";
};

TEST_F(PictureCommands, AFolderSaysByItsNameHowPointsAreTold) {
    const std::string ati = latents_of("Wan2.1-ATI-14B-480P");
    EXPECT_THAT(runner.run({"info", "Wan2.1-ATI-14B-480P"}).out, HasSubstr("as ATI copies"));
    fs::rename(theirs, runner.folder / "Wan-Move-14B-480P");
    const std::string wan_move = latents_of("Wan-Move-14B-480P");
    EXPECT_THAT(runner.run({"info", "Wan-Move-14B-480P"}).out, HasSubstr("as Wan-Move copies"));
    EXPECT_NE(ati, wan_move);
    // Converted, it is still the same, whatever it is called.
    EXPECT_EQ(runner.run({"convert", "Wan-Move-14B-480P", "-o", "ours"}).exit_code, 0);
    EXPECT_EQ(latents_of("ours"), wan_move);
}

TEST_F(PictureCommands, APlainOneDoesNotFollowAndSaysSo) {
    fs::rename(theirs, runner.folder / "i2v");
    const Outcome info = runner.run({"info", "i2v"});
    EXPECT_EQ(info.exit_code, 0) << info.err;
    for (const char* said :
         {"sees a picture", "a picture (--image)", "CLIP, 3 layers, 2 heads of 20",
          R"(write "tracks": "ati" or "wan-move" into scheduler_config.json)"}) {
        EXPECT_THAT(info.out, HasSubstr(said));
    }
    const Outcome made = runner.run(generate("i2v"));
    EXPECT_EQ(made.exit_code, 0) << made.err;
    EXPECT_THAT(made.err, HasSubstr("not trained to follow tracks"));
    EXPECT_THAT(made.err, HasSubstr("longtake info"));
}

TEST_F(PictureCommands, BenchmarksBringAPicture) {
    const Outcome alone = runner.run({"bench", "--model", theirs.filename(), "--seconds", "1"});
    EXPECT_EQ(alone.exit_code, 0) << alone.err;
    EXPECT_THAT(alone.out, HasSubstr("frames/s"));
    const Outcome together =
        runner.run({"bench", "--model", theirs.filename(), "--seconds", "1", "--sessions", "2"});
    EXPECT_EQ(together.exit_code, 0) << together.err;
    EXPECT_THAT(together.out, HasSubstr("2 takes at a time"));
}

TEST_F(PictureCommands, BadInput) {
    const std::string model = "Wan2.1-ATI-14B-480P";
    expect_refused({"generate", "--model", model, "--frames", "9"}, "give one with --image");
    std::ofstream(runner.folder / "half.png") << "\x89PNG";
    expect_refused({"generate", "--model", model, "--image", "half.png"}, "half.png");
    const fs::path schedule = theirs / "scheduler/scheduler_config.json";
    std::ofstream(schedule) << R"({"width": 64, "height": 48, "tracks": "atl"})";
    expect_refused({"generate", "--model", model, "--image", "start.png"},
                   "tracks must be ati, wan-move or none");
    std::ofstream(schedule) << R"({"width": 64, "height": 48})";
    fs::resize_file(theirs / "image_encoder/model.safetensors", 9000);
    expect_refused({"generate", "--model", model, "--image", "start.png"}, "model.safetensors");
    fs::remove_all(theirs / "image_encoder");
    expect_refused({"generate", "--model", model, "--image", "start.png"},
                   "no image encoder there; add models_clip");
    const Outcome info = runner.run({"info", model});
    EXPECT_EQ(info.exit_code, 2);
    EXPECT_THAT(info.out, HasSubstr("missing      image encoder: add models_clip"));
}

TEST_F(PictureCommands, PartsThatDoNotGoTogether) {
    const fs::path config = theirs / "image_encoder/config.json";
    auto encoder = nlohmann::json::parse(read_text(config));
    encoder["patch_size"] = 14;
    std::ofstream(config) << encoder;
    expect_refused({"generate", "--model", theirs.filename(), "--image", "start.png"},
                   "patch_size of 14");
    encoder["patch_size"] = 7;
    std::ofstream(config) << encoder;
    auto transformer = nlohmann::json::parse(read_text(theirs / "transformer/config.json"));
    transformer["image_dim"] = 1280;
    std::ofstream(theirs / "transformer/config.json") << transformer;
    expect_refused({"generate", "--model", theirs.filename(), "--image", "start.png"},
                   "image_dim is 1280, but the weights have 40");
}

}  // namespace
}  // namespace longtake
