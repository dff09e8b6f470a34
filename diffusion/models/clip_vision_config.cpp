#include "core/error.h"
#include "core/text.h"
#include "diffusion/models/clip_vision.h"
#include "diffusion/models/config_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace longtake::diffusion {

ClipVisionConfig ClipVisionConfig::of(const WeightMap& weights,
                                      const std::filesystem::path& config) {
    constexpr int64_t kClipHeadDim = 80;  // of ViT-H/14
    const auto extent = [&](const std::string& name, size_t rank, size_t i) {
        const Shape shape = weights.info(name).shape;
        check_input(shape.rank() == rank && shape.count() > 0,
                    "{}: {} has shape {}, which is no CLIP's", weights.path().string(), name,
                    shape.str());
        return shape[i];
    };
    ClipVisionConfig c;
    const char* const patch = "embeddings.patch_embedding.weight";
    c.width = extent(patch, 4, 0);
    c.patch_size = extent(patch, 4, 2);
    const int64_t places = extent("embeddings.position_embedding.weight", 2, 0);
    const auto side = std::llround(std::sqrt(static_cast<double>(places - 1)));
    c.image_size = side * c.patch_size;
    c.heads = std::max<int64_t>(1, c.width / kClipHeadDim);
    c.ffn_dim = extent("encoder.layers.0.mlp.fc1.weight", 2, 0);
    c.layers = 0;
    while (weights.contains(fmt::format("encoder.layers.{}.mlp.fc1.weight", c.layers))) {
        ++c.layers;
    }
    const int64_t layers = c.layers;
    if (!config.empty()) {
        c = read(config, c);
    }
    const std::string from = (config.empty() ? weights.path() : config).string();
    check_input(c.layers == layers, "{}: num_hidden_layers is {}, but the weights have {}", from,
                c.layers, layers);
    check_input(c.rows() == places && c.image_size % c.patch_size == 0,
                "{}: an image_size of {} and a patch_size of {} do not make {} places", from,
                c.image_size, c.patch_size, places);
    check_input(c.width % c.heads == 0 && c.width / c.heads <= 128,
                "{}: {} heads do not share a hidden_size of {}", from, c.heads, c.width);
    return c;
}

ClipVisionConfig ClipVisionConfig::read(const std::filesystem::path& path, ClipVisionConfig c) {
    const ConfigReader reader(path);
    std::string activation = c.activation == Activation::Gelu ? "gelu" : "quick_gelu";
    reader.require("num_channels", 3);
    reader.read("image_size", c.image_size);
    reader.read("patch_size", c.patch_size);
    reader.read("hidden_size", c.width);
    reader.read("num_attention_heads", c.heads);
    reader.read("intermediate_size", c.ffn_dim);
    reader.read("num_hidden_layers", c.layers);
    reader.read("hidden_act", activation);
    reader.read("layer_norm_eps", c.eps);
    check_input(activation == "gelu" || activation == "quick_gelu",
                "{}: hidden_act must be gelu or quick_gelu, not {}", reader.path(),
                in_quotes(activation));
    c.activation = activation == "gelu" ? Activation::Gelu : Activation::QuickGelu;
    return c;
}

}  // namespace longtake::diffusion
