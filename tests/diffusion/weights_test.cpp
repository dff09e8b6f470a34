#include "core/error.h"
#include "diffusion/models/transformer_config.h"
#include "diffusion/weights/key_map.h"
#include "diffusion/weights/weight_map.h"
#include "tests/core/temporary_folder.h"
#include "tests/diffusion/testing.h"

#include <fstream>
#include <string>

namespace longtake::diffusion {
namespace {

std::filesystem::path write_text(const std::filesystem::path& path, const std::string& content) {
    std::ofstream(path) << content;
    return path;
}

template <typename Work> std::string complaint(Work&& work) {
    try {
        work();
    } catch (const InputError& e) {
        return e.what();
    }
    return "no complaint";
}

TEST(WeightMap, RandomOnesHaveTheSpreadOfAModel) {
    const WeightMap weights = WeightMap::random(RandomWeights({{"grow", {2, 3}}}));
    const Tensor w = weights.get("w.weight", {200, 400});
    double sum = 0, squares = 0;
    for (const float v : w.values<float>()) {
        sum += v;
        squares += v * v;
    }
    const auto count = static_cast<double>(w.count());
    EXPECT_NEAR(sum / count, 0, 1e-3);
    EXPECT_NEAR(std::sqrt(squares / count), 1 / std::sqrt(400.0), 1e-3);
    EXPECT_TRUE(same_bits(w, weights.get("w.weight", {200, 400})));
    EXPECT_FALSE(same_bits(w, weights.get("v.weight", {200, 400})));
    EXPECT_NEAR(weights.get("norm_q.weight", {7}).data<float>()[0], 1, 0.2);
    EXPECT_EQ(weights.get("grow").shape(), (Shape{2, 3}));
    EXPECT_THROW(weights.get("shrink"), Error);
}

TEST(WeightMap, NamesFileTensorAndBothShapes) {
    const TemporaryFolder folder;
    write_safetensors(folder / "w.safetensors", {{"a", Tensor::zeros({2, 3})}});
    const WeightMap map = WeightMap::open(folder / "w.safetensors");
    EXPECT_EQ(map.get("a", {2, 3}).count(), 6);
    const std::string shape = complaint([&] { map.get("a", {3, 2}); });
    for (const char* part : {"w.safetensors", "tensor a", "[2, 3]", "[3, 2]"}) {
        EXPECT_NE(shape.find(part), std::string::npos) << shape;
    }
    const std::string missing = complaint([&] { map.get("b", {3, 2}); });
    EXPECT_NE(missing.find("tensor b is missing"), std::string::npos) << missing;
    const std::string extra = complaint([&] { map.check_none("a"); });
    EXPECT_NE(extra.find("tensor a is one too many"), std::string::npos) << extra;
    EXPECT_NO_THROW(map.check_none("b"));
}

TEST(WeightMap, RefusesNanAndInfinityByName) {
    const TemporaryFolder folder;
    for (const DType dtype : {DType::F32, DType::BF16, DType::F16}) {
        for (const float bad : {NAN, INFINITY, -INFINITY}) {
            Tensor t = Tensor::zeros({100});
            t.data<float>()[77] = bad;
            write_safetensors(folder / "w.safetensors",
                              {{"good", Tensor::zeros({2})}, {"broken", t.to(dtype)}});
            const WeightMap map = WeightMap::open(folder / "w.safetensors");
            EXPECT_NO_THROW(map.get("good"));
            const auto said = complaint([&] { map.get("broken"); });
            EXPECT_NE(said.find("tensor broken holds NaN or infinity"), std::string::npos) << said;
        }
    }
}

TEST(WeightMap, ReadsAShardedCheckpoint) {
    const TemporaryFolder folder;
    write_safetensors(folder / "one.safetensors", {{"a", Tensor::zeros({1})}});
    write_safetensors(folder / "two.safetensors", {{"b", Tensor::zeros({2})}});
    write_text(folder / "diffusion_pytorch_model.safetensors.index.json",
               R"({"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}})");
    const WeightMap map = WeightMap::open(folder.path());
    EXPECT_EQ(map.names(), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(map.get("b").count(), 2);

    const auto index =
        write_text(folder / "bad.index.json", R"({"weight_map": {"a": "../one.safetensors"}})");
    EXPECT_NE(complaint([&] { WeightMap::open(index); }).find("plain file name"),
              std::string::npos);
    EXPECT_NE(
        complaint([&] { WeightMap::open(write_text(folder / "x.json", "[]")); }).find("index"),
        std::string::npos);
}

TEST(WeightMap, SaysWhatAFolderLacks) {
    const TemporaryFolder folder;
    EXPECT_NE(complaint([&] { WeightMap::open(folder.path()); }).find("in this folder"),
              std::string::npos);
}

TEST(KeyMap, TurnsOriginalNamesIntoDiffusers) {
    const std::pair<const char*, const char*> table[] = {
        {"patch_embedding.weight", "patch_embedding.weight"},
        {"text_embedding.2.bias", "condition_embedder.text_embedder.linear_2.bias"},
        {"time_embedding.0.weight", "condition_embedder.time_embedder.linear_1.weight"},
        {"time_projection.1.bias", "condition_embedder.time_proj.bias"},
        {"head.head.weight", "proj_out.weight"},
        {"head.modulation", "scale_shift_table"},
        {"blocks.12.modulation", "blocks.12.scale_shift_table"},
        {"blocks.0.self_attn.q.weight", "blocks.0.attn1.to_q.weight"},
        {"blocks.0.self_attn.o.bias", "blocks.0.attn1.to_out.0.bias"},
        {"blocks.0.cross_attn.norm_k.weight", "blocks.0.attn2.norm_k.weight"},
        {"blocks.3.norm3.weight", "blocks.3.norm2.weight"},
        {"blocks.3.ffn.0.weight", "blocks.3.ffn.net.0.proj.weight"},
        {"blocks.3.ffn.2.bias", "blocks.3.ffn.net.2.bias"},
        {"model._fsdp_wrapped_module.blocks.3.ffn.2.bias", "blocks.3.ffn.net.2.bias"},
    };
    for (const auto& [original, diffusers] : table) {
        EXPECT_EQ(diffusers_from_original(original), diffusers);
        EXPECT_EQ(diffusers_from_original(diffusers), diffusers);
    }
}

TEST(TransformerConfig, ReadsDiffusersNamesAndIgnoresTheRest) {
    const TemporaryFolder folder;
    const auto c = TransformerConfig::read(write_text(folder / "c.json", R"({
        "num_attention_heads": 4, "attention_head_dim": 64, "in_channels": 32, "ffn_dim": 1024,
        "num_layers": 8, "patch_size": [1, 2, 4], "eps": 1e-5, "rope_max_seq_len": 1,
        "qk_norm": "rms_norm_across_heads", "image_dim": null, "anything": [1]})"));
    EXPECT_EQ(c.width(), 256);
    EXPECT_EQ(c.in_channels, 32);
    EXPECT_EQ(c.patch_size(), 8);
    EXPECT_EQ(c.eps, 1e-5);
    EXPECT_EQ(c.text_dim, 4096);  // Wan's own, where the file is silent
}

TEST(TransformerConfig, RefusesWhatItCannotDo) {
    const TemporaryFolder folder;
    for (const auto& [json, about] : {std::pair{R"({"num_layers": 0})", "num_layers"},
                                      {R"({"ffn_dim": 1.5})", "ffn_dim"},
                                      {R"({"ffn_dim": 99999999999})", "ffn_dim"},
                                      {R"({"eps": -1})", "eps"},
                                      {R"({"patch_size": [2, 2, 2]})", "patch_size"},
                                      {R"({"qk_norm": "layer_norm"})", "qk_norm"},
                                      {R"({"image_dim": "1280"})", "image_dim"},
                                      {R"({"added_kv_proj_dim": 77})", "added_kv_proj_dim"},
                                      {R"({"model_type": "vace"})", "model_type"},
                                      {R"({"cross_attn_norm": false})", "cross_attn_norm"},
                                      {R"({"attention_head_dim": 65})", "attention_head_dim"},
                                      {R"([1])", "JSON object"}}) {
        const auto path = write_text(folder / "c.json", json);
        const std::string said = complaint([&] { TransformerConfig::read(path); });
        EXPECT_NE(said.find(about), std::string::npos) << said;
        EXPECT_NE(said.find("c.json"), std::string::npos) << said;
    }
}

}  // namespace
}  // namespace longtake::diffusion
