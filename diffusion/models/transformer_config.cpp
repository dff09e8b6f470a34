#include "diffusion/models/transformer_config.h"

#include "core/error.h"
#include "diffusion/models/config_reader.h"

#include <array>

namespace longtake::diffusion {

TransformerConfig TransformerConfig::read(const std::filesystem::path& path) {
    TransformerConfig c;
    const ConfigReader reader(path);
    reader.read("num_attention_heads", c.heads);
    reader.read("attention_head_dim", c.head_dim);
    reader.read("in_channels", c.in_channels);
    reader.read("out_channels", c.out_channels);
    reader.read("text_dim", c.text_dim);
    reader.read("text_len", c.text_len);
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
    reader.require("added_kv_proj_dim", nullptr);
    reader.require("image_dim", nullptr);
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
