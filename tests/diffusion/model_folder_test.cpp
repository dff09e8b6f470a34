#include "diffusion/weights/model_folder.h"

#include "core/error.h"
#include "core/file.h"
#include "diffusion/video_model.h"
#include "tests/diffusion/checkouts.h"
#include "tests/diffusion/testing.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <string>

namespace longtake::diffusion {
namespace {

namespace fs = std::filesystem;
using Part = CheckpointKind::Part;
using Names = CheckpointKind::Names;
using ::testing::HasSubstr;

void expect_same_weights(const ModelFolder::Part& part, const ModelFolder::Part& expected) {
    const WeightMap a = part.open(), b = expected.open();
    EXPECT_EQ(a.names(), b.names());
    for (const std::string& name : b.names()) {
        EXPECT_TRUE(same_bits(a.get(name), b.get(name))) << name;
    }
}

std::string complaint(const fs::path& folder) {
    try {
        ModelFolder::find(folder).check_usable();
    } catch (const InputError& e) {
        return e.what();
    }
    return "no complaint";
}

class SelfForcing : public testing::Test {
  protected:
    SelfForcing() { make_self_forcing(root); }
    TemporaryFolder folder;
    const fs::path root = folder / "Self-Forcing";
    const fs::path wan = root / "wan_models/Wan2.1-T2V-1.3B";
};

TEST_F(SelfForcing, HoldsTheSameBitsAsTheDiffusersFolder) {
    const ModelFolder found = ModelFolder::find(root), tiny = ModelFolder::find(kTinyModelFolder);
    EXPECT_EQ(complaint(root), "no complaint");
    ASSERT_TRUE(found.transformer && found.vae && found.text_encoder);
    EXPECT_EQ(found.transformer->path, root / "checkpoints/self_forcing_dmd.pt");
    EXPECT_EQ(found.transformer->kind, (CheckpointKind{Part::Transformer, Names::Original}));
    EXPECT_EQ(tiny.transformer->kind, (CheckpointKind{Part::Transformer, Names::Diffusers}));
    EXPECT_EQ(found.transformer->open().format(), "PyTorch, generator_ema");
    expect_same_weights(*found.transformer, *tiny.transformer);
    expect_same_weights(*found.vae, *tiny.vae);
    expect_same_weights(*found.text_encoder, *tiny.text_encoder);
    EXPECT_EQ(found.tokenizer, wan / "google/umt5-xxl");
    EXPECT_TRUE(found.missing().empty());
}

TEST_F(SelfForcing, TheTinyAutoencoderComesBeforeTheFullOne) {
    copy_to(kFixtures / "tiny_wan_vae/diffusion_pytorch_model.safetensors",
            root / "vae/diffusion_pytorch_model.safetensors");
    EXPECT_EQ(ModelFolder::find(root).vae->kind.part, Part::Taehv);
    fs::remove(root / "taew2_1.pth");
    EXPECT_EQ(ModelFolder::find(root).vae->kind.part, Part::WanVae);
}

TEST_F(SelfForcing, MakesTheSameRowsAndFrames) {
    const auto ours = VideoModel::load(root, DType::F32);
    const auto tiny = VideoModel::load(kTinyModelFolder, DType::F32);
    EXPECT_TRUE(same_bits(ours->encode("a red ball rolls"), tiny->encode("a red ball rolls")));
    EXPECT_EQ(ours->transformer().config().heads, tiny->transformer().config().heads);
    EXPECT_EQ(ours->transformer().config().text_len, tiny->transformer().config().text_len);
    EXPECT_EQ(ours->config().width, 64);
    const Tensor latents = random_tensor({2, 16, 6, 8}, 3);
    EXPECT_TRUE(same_bits(decoded(*ours, latents), decoded(*tiny, latents)));
}

TEST_F(SelfForcing, TheDistilledTransformerComesBeforeTheBase) {
    EXPECT_EQ(ModelFolder::find(root).unused.size(), 1u);
    fs::remove_all(root / "checkpoints");
    const ModelFolder base = ModelFolder::find(root);
    EXPECT_EQ(base.transformer->path, wan / "diffusion_pytorch_model.safetensors");
    EXPECT_TRUE(base.unused.empty());
}

TEST_F(SelfForcing, TwoDistilledTransformersAreOneTooMany) {
    fs::copy(root / "checkpoints/self_forcing_dmd.pt", root / "checkpoints/self_forcing_sid.pt");
    EXPECT_THAT(complaint(root), HasSubstr("keep one of them"));
    EXPECT_THAT(complaint(root), HasSubstr("self_forcing_sid.pt"));
}

TEST_F(SelfForcing, SaysWhatIsMissingAndHowToMendIt) {
    fs::remove(root / "taew2_1.pth");
    EXPECT_THAT(complaint(root), HasSubstr("no vae there; add taew2_1"));
    fs::remove(wan / "google/umt5-xxl/spiece.model");
    const auto missing = ModelFolder::find(root).missing();
    ASSERT_EQ(missing.size(), 2u);
    EXPECT_EQ(missing[1].part, "tokenizer");
    EXPECT_THAT(missing[1].mend, HasSubstr("spiece.model"));
    fs::remove(wan / "models_t5_umt5-xxl-enc-bf16.pth");
    EXPECT_FALSE(ModelFolder::find(root).missing()[1].needed);  // prompts may come as embeddings
}

TEST_F(SelfForcing, AHalfDownloadedFileIsNeverPassedOver) {
    const auto pt = root / "checkpoints/self_forcing_dmd.pt";
    fs::resize_file(pt, fs::file_size(pt) / 2);
    EXPECT_THAT(complaint(root), HasSubstr("self_forcing_dmd.pt: it is cut off"));
    EXPECT_EQ(ModelFolder::find(root).problems.size(), 1u);
}

TEST_F(SelfForcing, StrangersDoNotMatter) {
    write_safetensors(root / "stylegan.safetensors", {{"mapping.weight", Tensor::zeros({2})}});
    fs::create_directory(root / ".cache");
    std::ofstream(root / ".cache/broken.safetensors") << "x";
    const ModelFolder found = ModelFolder::find(root);
    EXPECT_EQ(complaint(root), "no complaint");
    EXPECT_EQ(found.unrecognised, std::vector<fs::path>{root / "stylegan.safetensors"});
}

TEST_F(SelfForcing, AScheduleForManyStepsIsNotOurs) {
    std::ofstream(root / "scheduler_config.json")
        << R"({"_class_name": "UniPCMultistepScheduler", "flow_shift": 3.0})";
    EXPECT_TRUE(ModelFolder::find(root).scheduler.empty());
    EXPECT_EQ(VideoModel::load(root, DType::F32)->config().shift, 5.0);
}

TEST_F(SelfForcing, ConfigAndWeightsMustAgree) {
    auto config = nlohmann::json::parse(read_text(wan / "config.json"));
    config["ffn_dim"] = 256;
    std::ofstream(wan / "config.json") << config;
    try {
        VideoModel::load(root, DType::F32);
        FAIL();
    } catch (const InputError& e) {
        EXPECT_THAT(e.what(), HasSubstr("ffn_dim is 256, but the weights have 128"));
    }
    config["model_type"] = "vace";
    std::ofstream(wan / "config.json") << config;
    EXPECT_THROW(VideoModel::load(root, DType::F32), InputError);
}

TEST(ModelFolder, ReadsShards) {
    const TemporaryFolder folder;
    fs::copy(kTinyModelFolder, folder / "model", fs::copy_options::recursive);
    const fs::path transformer = folder / "model/transformer";
    const auto whole = SafetensorsFile::open(transformer / "diffusion_pytorch_model.safetensors");
    std::vector<std::pair<std::string, Tensor>> halves[2];
    nlohmann::json index;
    const auto shard = [](size_t i) {
        return fmt::format("diffusion_pytorch_model-0000{}-of-00002.safetensors", i + 1);
    };
    for (size_t i = 0; const std::string& name : whole->names()) {
        halves[i % 2].emplace_back(name, whole->tensor(name));
        index["weight_map"][name] = shard(i++ % 2);
    }
    for (size_t i = 0; i < 2; ++i) {
        write_safetensors(transformer / shard(i), halves[i]);
    }
    fs::remove(transformer / "diffusion_pytorch_model.safetensors");
    EXPECT_THAT(complaint(folder / "model"), HasSubstr("index.json"));
    std::ofstream(transformer / "diffusion_pytorch_model.safetensors.index.json") << index;
    EXPECT_EQ(complaint(folder / "model"), "no complaint");
    expect_same_weights(*ModelFolder::find(folder / "model").transformer,
                        *ModelFolder::find(kTinyModelFolder).transformer);
    fs::remove(transformer / shard(1));
    EXPECT_THAT(complaint(folder / "model"), HasSubstr("00002-of-00002"));
}

TEST(ModelFolder, ASingleCheckpointIsOnePart) {
    const ModelFolder found = ModelFolder::find(kCheckpoints / "taew2_1.pth");
    EXPECT_TRUE(found.vae && !found.transformer);
    EXPECT_THAT(complaint(kCheckpoints / "taew2_1.pth"), HasSubstr("no transformer there"));
    EXPECT_THROW(ModelFolder::find("/no/such/thing"), InputError);
}

TEST(ModelFolder, SizesNeedNoConfig) {
    const auto text =
        *ModelFolder::find(kCheckpoints / "models_t5_umt5-xxl-enc-bf16.pth").text_encoder;
    const auto read = Umt5Config::read(kTinyModelFolder / "text_encoder/config.json");
    const auto told = Umt5Config::of(text.open(), {});
    EXPECT_EQ(told.vocabulary, read.vocabulary);
    EXPECT_EQ(told.heads, read.heads);
    EXPECT_EQ(told.head_dim, read.head_dim);
    EXPECT_EQ(told.ffn_dim, read.ffn_dim);
    EXPECT_EQ(told.layers, read.layers);
    const auto vae = *ModelFolder::find(kCheckpoints / "taew2_1.pth").vae;
    const auto widths = TaehvConfig::of(vae.open(), {});
    EXPECT_EQ(widths.decoder_channels, (std::array<int64_t, 4>{24, 16, 12, 8}));
    EXPECT_EQ(widths.encoder_channels, (std::array<int64_t, 3>{8, 12, 16}));
}

TEST(ModelFolder, MergesLongLivesAdaptation) {
    const TemporaryFolder folder;
    make_long_live(folder.path());
    const auto part = ModelFolder::find(folder.path()).transformer;
    ASSERT_TRUE(part.has_value());
    const WeightMap merged = part->open();
    const auto peft = SafetensorsFile::open(kCheckpoints / "merged.safetensors");
    for (const std::string& name : peft->names()) {
        const Tensor ours = merged.get(known_name(Part::Transformer, name));
        EXPECT_LT(max_difference(ours, peft->tensor(name)), 1e-6F) << name;  // measured 0
        const WeightMap base = WeightMap::open(folder / "models/longlive_base.safetensors");
        EXPECT_GT(max_difference(ours, base.get("model." + name)), 1e-2F) << name;
        EXPECT_EQ(ours.dtype(), DType::F32);
    }
    fs::copy(folder / "models/lora.pt", folder / "models/other_lora.pt");
    EXPECT_THAT(complaint(folder.path()), HasSubstr("more than one LoRA"));
}

TEST(ModelFolder, AnAdaptationOfAnotherModelIsRefused) {
    const TemporaryFolder folder;
    make_long_live(folder.path());
    const Tensor down = Tensor::zeros({4, 48}), up = Tensor::zeros({48, 4});
    const auto open = [&](const std::vector<std::pair<std::string, Tensor>>& tensors) {
        fs::remove(folder / "models/lora.pt");
        write_safetensors(folder / "models/lora.safetensors", tensors);
        try {
            ModelFolder::find(folder.path()).transformer->open().get("blocks.0.attn1.to_q.weight");
        } catch (const InputError& e) {
            return std::string(e.what());
        }
        return std::string("no complaint");
    };
    const std::string q = "blocks.0.self_attn.q";
    EXPECT_EQ(open({{q + ".lora_A.weight", down}, {q + ".lora_B.weight", up}}), "no complaint");
    EXPECT_THAT(open({{"blocks.9.self_attn.q.lora_A.weight", down},
                      {"blocks.9.self_attn.q.lora_B.weight", up}}),
                HasSubstr("adapts blocks.9.attn1.to_q.weight"));
    EXPECT_THAT(open({{q + ".lora_A.weight", down}}), HasSubstr("half of the LoRA"));
    EXPECT_THAT(open({{q + ".lora_A.weight", up}, {q + ".lora_B.weight", down}}),
                HasSubstr("does not fit"));
    EXPECT_THAT(open({{q + ".lora_A.weight", down},
                      {q + ".lora_B.weight", up},
                      {"blocks.0.norm3.weight", down}}),
                HasSubstr("no part of a LoRA"));
}

TEST(CheckpointKind, KnowsTheWanAutoencoderUnderBothNames) {
    const auto names = nlohmann::json::parse(read_text(kCheckpoints / "wan_vae_names.json"));
    std::set<std::string> original, diffusers;
    for (const auto& [old, now] : names.items()) {
        EXPECT_EQ(known_name(Part::WanVae, old), now);
        EXPECT_EQ(known_name(Part::WanVae, now), now);
        original.insert(old);
        diffusers.insert(now);
    }
    EXPECT_EQ(names.size(), 194u);
    EXPECT_EQ(recognise(original), (CheckpointKind{Part::WanVae, Names::Original}));
    EXPECT_EQ(recognise(diffusers), (CheckpointKind{Part::WanVae, Names::Diffusers}));
}

}  // namespace
}  // namespace longtake::diffusion
