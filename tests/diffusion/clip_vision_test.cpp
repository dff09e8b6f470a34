#include "diffusion/models/clip_vision.h"

#include "core/error.h"
#include "core/safetensors.h"
#include "diffusion/weights/model_folder.h"
#include "tests/core/temporary_folder.h"
#include "tests/diffusion/fixtures.h"
#include "tests/diffusion/testing.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace longtake::diffusion {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// A picture and what transformers makes of it: tests/fixtures/make_clip_fixtures.py.
class ClipVisionTest : public ::testing::Test {
  protected:
    static ModelFolder::Part encoder(const char* name) {
        return *ModelFolder::find(kFixtures / name).image_encoder;
    }
    static ClipVisionConfig config() {
        const auto part = encoder("tiny_clip");
        return ClipVisionConfig::of(part.open(), part.config);
    }

    std::shared_ptr<const SafetensorsFile> file_ =
        SafetensorsFile::open(kFixtures / "tiny_clip_picture.safetensors");
    Tensor picture_ = file_->tensor("picture");
};

TEST_F(ClipVisionTest, SqueezesThePictureAsWanDoes) {
    EXPECT_LT(max_difference(clip_pixels(picture_, 28), file_->tensor("pixels")), 1e-5F);
}

TEST_F(ClipVisionTest, EqualsTransformersWithEitherActivation) {
    ClipVisionConfig c = config();
    const WeightMap weights = encoder("tiny_clip").open();
    EXPECT_LT(
        max_difference(ClipVision(c, weights, DType::F32).encode(picture_), file_->tensor("gelu")),
        1e-5F);
    c.activation = Activation::QuickGelu;
    EXPECT_LT(max_difference(ClipVision(c, weights, DType::F32).encode(picture_),
                             file_->tensor("quick_gelu")),
              1e-5F);
}

TEST_F(ClipVisionTest, Bf16IsNear) {
    const Tensor exact = file_->tensor("gelu");
    const ClipVision model(config(), encoder("tiny_clip").open(), DType::BF16);
    EXPECT_LT(max_difference(model.encode(picture_), exact) / max_abs(exact), 2e-2F);
}

TEST_F(ClipVisionTest, TheOriginalCheckpointIsTheSame) {
    const auto part = encoder("tiny_clip_original.safetensors");
    EXPECT_EQ(part.kind.names, CheckpointKind::Names::Original);
    const WeightMap original = part.open(), folder = encoder("tiny_clip").open();
    EXPECT_EQ(original.names(), folder.names());
    EXPECT_EQ(original.parameters(), folder.parameters());
    EXPECT_TRUE(same_bits(ClipVision(config(), original, DType::F32).encode(picture_),
                          ClipVision(config(), folder, DType::F32).encode(picture_)));
    const ClipVisionConfig by_shapes = ClipVisionConfig::of(original, {});
    EXPECT_EQ(by_shapes.layers, 3);
    EXPECT_EQ(by_shapes.image_size, 28);
    EXPECT_EQ(by_shapes.ffn_dim, 96);
}

TEST_F(ClipVisionTest, RefusesConfigsThatDoNotFit) {
    const TemporaryFolder folder;
    const WeightMap weights = encoder("tiny_clip").open();
    for (const auto& [json, about] :
         {std::pair{R"({"num_hidden_layers": 4})", "num_hidden_layers is 4"},
          {R"({"image_size": 35})", "image_size of 35"},
          {R"({"num_attention_heads": 3})", "3 heads"},
          {R"({"hidden_act": "swish"})", "hidden_act"},
          {R"({"num_channels": 1})", "num_channels"},
          {R"({"layer_norm_eps": 0})", "layer_norm_eps"},
          {"[]", "JSON object"}}) {
        const fs::path path = folder / "config.json";
        std::ofstream(path) << json;
        EXPECT_THAT([&] { ClipVisionConfig::of(weights, path); },
                    ThrowsMessage<InputError>(
                        ::testing::AllOf(HasSubstr(about), HasSubstr("config.json"))));
    }
}

TEST_F(ClipVisionTest, RefusesMisshapenTensors) {
    const TemporaryFolder folder;
    const fs::path path = folder / "model.safetensors";
    const auto with = [&](const std::string& changed, const Tensor& tensor) {
        std::vector<std::pair<std::string, Tensor>> tensors;
        const auto whole = SafetensorsFile::open(kFixtures / "tiny_clip_original.safetensors");
        for (const std::string& name : whole->names()) {
            tensors.emplace_back(name, name == changed ? tensor : whole->tensor(name));
        }
        write_safetensors(path, tensors);
        const WeightMap weights = ModelFolder::find(path).image_encoder->open();
        ClipVision(ClipVisionConfig::of(weights, {}), weights, DType::F32);
    };
    with("none", {});
    for (const auto& [name, shape] :
         {std::pair<std::string, Shape>{"visual.transformer.0.attn.to_qkv.weight", {121, 40}},
          {"visual.transformer.1.mlp.0.bias", {95}},
          {"visual.patch_embedding.weight", {40, 3, 7}},
          {"visual.pos_embedding", {1, 18, 40}}}) {
        EXPECT_THAT(([&, name = name, shape = shape] { with(name, Tensor::zeros(shape)); }),
                    ThrowsMessage<InputError>(HasSubstr("model.safetensors")))
            << name;
    }
}

}  // namespace
}  // namespace longtake::diffusion
