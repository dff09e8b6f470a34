#include "diffusion/models/transformer_config.h"

#include "core/error.h"
#include "core/text.h"
#include "diffusion/models/config_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace longtake::diffusion {

namespace {

constexpr int64_t kHeadDim = 128;  // of every public Wan
constexpr const char* kImageIn = "condition_embedder.image_embedder.ff.net.0.proj.weight";
constexpr const char* kImagePlaces = "condition_embedder.image_embedder.pos_embed";

TransformerConfig from_shapes(const WeightMap& weights) {
    const auto extent = [&](const char* name, size_t rank, size_t i) {
        const Shape shape = weights.info(name).shape;
        check_input(shape.rank() == rank, "{}: {} has shape {}, which is no Wan transformer's",
                    weights.path().string(), name, shape.str());
        return shape[i];
    };
    TransformerConfig c;
    const char* const patch = "patch_embedding.weight";
    const int64_t width = extent(patch, 5, 0);
    c.in_channels = extent(patch, 5, 1);
    c.patch_height = extent(patch, 5, 3);
    c.patch_width = extent(patch, 5, 4);
    c.out_channels = extent("proj_out.weight", 2, 0) / std::max<int64_t>(c.patch_size(), 1);
    c.text_dim = extent("condition_embedder.text_embedder.linear_1.weight", 2, 1);
    check_input(!weights.contains(kImagePlaces),
                "{}: this transformer goes from a first to a last picture, which is not done here",
                weights.path().string());
    if (weights.contains(kImageIn)) {
        c.image_dim = extent(kImageIn, 2, 1);
    }
    c.freq_dim = extent("condition_embedder.time_embedder.linear_1.weight", 2, 1);
    c.ffn_dim = extent("blocks.0.ffn.net.0.proj.weight", 2, 0);
    c.layers = 0;
    while (weights.contains(fmt::format("blocks.{}.attn1.to_q.weight", c.layers))) {
        ++c.layers;
    }
    c.head_dim = std::min(kHeadDim, width);
    c.heads = width / std::max<int64_t>(c.head_dim, 1);
    return c;
}

}  // namespace

TransformerConfig TransformerConfig::of(const WeightMap& weights,
                                        const std::filesystem::path& config) {
    const TransformerConfig shapes = from_shapes(weights);
    const TransformerConfig c = config.empty() ? shapes : read(config, shapes);
    const auto agree = [&](const char* what, int64_t said, int64_t found) {
        check_input(said == found, "{}: {} is {}, but the weights have {}",
                    (config.empty() ? weights.path() : config).string(), what, said, found);
    };
    agree("width (heads x head_dim)", c.width(), weights.info("patch_embedding.weight").shape[0]);
    agree("in_channels", c.in_channels, shapes.in_channels);
    agree("out_channels", c.out_channels, shapes.out_channels);
    agree("text_dim", c.text_dim, shapes.text_dim);
    agree("image_dim", c.image_dim, shapes.image_dim);
    agree("freq_dim", c.freq_dim, shapes.freq_dim);
    agree("ffn_dim", c.ffn_dim, shapes.ffn_dim);
    agree("num_layers", c.layers, shapes.layers);
    return c;
}

TransformerConfig TransformerConfig::read(const std::filesystem::path& path) {
    return read(path, {});
}

TransformerConfig TransformerConfig::read(const std::filesystem::path& path, TransformerConfig c) {
    const ConfigReader reader(path);
    std::string kind = "t2v";
    reader.read("model_type", kind);
    check_input(kind == "t2v" || kind == "i2v", "{}: model_type must be t2v or i2v, not {}",
                reader.path(), in_quotes(kind));
    reader.read("num_heads", c.heads);
    reader.read("in_dim", c.in_channels);
    reader.read("out_dim", c.out_channels);
    if (reader.has("dim")) {
        int64_t width = c.width();
        reader.read("dim", width);
        check_input(width % c.heads == 0, "{}: dim {} does not divide into num_heads {}",
                    reader.path(), width, c.heads);
        c.head_dim = width / c.heads;
    }
    reader.read("num_attention_heads", c.heads);
    reader.read("attention_head_dim", c.head_dim);
    reader.read("in_channels", c.in_channels);
    reader.read("out_channels", c.out_channels);
    reader.read("text_dim", c.text_dim);
    reader.read("text_len", c.text_len);
    reader.read("image_dim", c.image_dim);
    reader.read("freq_dim", c.freq_dim);
    reader.read("ffn_dim", c.ffn_dim);
    reader.read("num_layers", c.layers);
    reader.read("eps", c.eps);
    std::array<int64_t, 3> patch{1, c.patch_height, c.patch_width};
    reader.read("patch_size", patch);
    c.patch_height = patch[1];
    c.patch_width = patch[2];
    reader.require("cross_attn_norm", true);
    reader.require("qk_norm", "rms_norm_across_heads");
    int64_t picture_width = c.width();
    reader.read("added_kv_proj_dim", picture_width);
    check_input(picture_width == c.width(), "{}: added_kv_proj_dim is {}, the model {} wide",
                reader.path(), picture_width, c.width());
    check_input(patch[0] == 1,
                "{}: patch_size must be [1, height, width]: a chunk's frames stay "
                "apart",
                reader.path());
    check_input(c.head_dim % 2 == 0 && c.head_dim >= 6 && c.head_dim <= 128,
                "{}: attention_head_dim {} is not an even size from 6 to 128", reader.path(),
                c.head_dim);
    check_input(c.freq_dim % 2 == 0, "{}: freq_dim {} is odd", reader.path(), c.freq_dim);
    return c;
}

}  // namespace longtake::diffusion
