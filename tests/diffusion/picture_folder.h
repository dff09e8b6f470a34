#pragma once

#include "core/file.h"
#include "core/safetensors.h"
#include "tests/diffusion/fixtures.h"
#include "tests/diffusion/testing.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace longtake::diffusion {

// A copy of the tiny model whose transformer is made over.
class MadeOver {
  public:
    explicit MadeOver(const std::filesystem::path& folder)
        : weights_(folder / "transformer/diffusion_pytorch_model.safetensors"),
          config_(folder / "transformer/config.json") {
        std::filesystem::copy(kFixtures / "tiny_model", folder,
                              std::filesystem::copy_options::recursive);
        const auto file = SafetensorsFile::open(weights_);
        for (const std::string& name : file->names()) {
            tensors[name] = file->tensor(name).clone();
        }
        config = nlohmann::json::parse(read_text(config_));
    }

    // Those beyond the channels that it has are as these, from the first on.
    void read_channels(int64_t channels) {
        Tensor& patch = tensors["patch_embedding.weight"];
        const Tensor narrow = patch.to(DType::F32);
        patch = Tensor::zeros(narrow.shape().with(1, channels));
        const int64_t rows = narrow.extent(0), from = narrow.count() / rows;
        const int64_t to = patch.count() / rows;
        for (int64_t i = 0; i < patch.count(); ++i) {
            patch.data<float>()[i] = narrow.data<float>()[i / to * from + i % to % from];
        }
        config["in_channels"] = channels;
    }

    void write() const {
        write_safetensors(weights_, {tensors.begin(), tensors.end()});
        std::ofstream(config_) << config;
    }

    std::map<std::string, Tensor> tensors;
    nlohmann::json config;

  private:
    std::filesystem::path weights_, config_;
};

// The tiny model as an image-to-video one like Wan2.1's: 36 channels, attention to what the tiny
// CLIP beside it sees.
inline void make_picture_folder(const std::filesystem::path& folder) {
    MadeOver model(folder);
    model.read_channels(36);
    const Shape vector = model.tensors["patch_embedding.bias"].shape();
    const int64_t d = vector[0], image = 40;  // tiny_clip's
    const auto add = [&](const std::string& name, const Shape& shape, float spread) {
        const auto seed = static_cast<unsigned>(model.tensors.size());
        model.tensors[name] = random_tensor(shape, seed, DType::F32, spread);
    };
    const auto linear = [&](const std::string& name, int64_t in, int64_t out) {
        add(name + ".weight", {out, in}, 1.F / std::sqrt(static_cast<float>(in)));
        add(name + ".bias", {out}, 0.1F);
    };
    const std::string embedder = "condition_embedder.image_embedder.";
    add(embedder + "norm1.weight", {image}, 1.F);
    add(embedder + "norm1.bias", {image}, 0.1F);
    add(embedder + "norm2.weight", vector, 1.F);
    add(embedder + "norm2.bias", vector, 0.1F);
    linear(embedder + "ff.net.0.proj", image, image);
    linear(embedder + "ff.net.2", image, d);
    for (int64_t i = 0; i < model.config["num_layers"].get<int64_t>(); ++i) {
        const std::string attention = fmt::format("blocks.{}.attn2.", i);
        linear(attention + "add_k_proj", d, d);
        linear(attention + "add_v_proj", d, d);
        add(attention + "norm_added_k.weight", vector, 1.F);
    }
    model.config["image_dim"] = image;
    model.config["added_kv_proj_dim"] = d;
    model.write();
    std::filesystem::copy(kFixtures / "tiny_clip", folder / "image_encoder",
                          std::filesystem::copy_options::recursive);
}

}  // namespace longtake::diffusion
