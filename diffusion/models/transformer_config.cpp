#include "diffusion/models/transformer_config.h"

#include "core/error.h"
#include "core/file.h"

#include <nlohmann/json.hpp>

#include <string>

namespace longtake::diffusion {
namespace {

using nlohmann::json;

constexpr int64_t kLargest = 1 << 20;  // keeps every product of two sizes far from overflow

class Reader {
  public:
    explicit Reader(const std::filesystem::path& path)
        : path_(path.string()), values_(json::parse(read_text(path), nullptr, false)) {
        check_input(values_.is_object(), "{}: not a JSON object", path_);
    }

    void read(const char* key, int64_t& value) const {
        if (values_.contains(key)) {
            value = size(key, values_[key]);
        }
    }
    void read(const char* key, double& value) const {
        if (values_.contains(key)) {
            check_input(values_[key].is_number() && values_[key] > 0, "{}: {} is not positive",
                        path_, key);
            value = values_[key];
        }
    }
    // The key, when present, must have the one value this model can run with.
    void require(const char* key, const json& wanted) const {
        check_input(!values_.contains(key) || values_[key] == wanted, "{}: {} must be {}, not {}",
                    path_, key, wanted.dump(), values_.value(key, json()).dump());
    }
    void read_patch(int64_t& height, int64_t& width) const {
        if (!values_.contains("patch_size")) {
            return;
        }
        const json& patch = values_["patch_size"];
        check_input(patch.is_array() && patch.size() == 3 && patch[0] == 1,
                    "{}: patch_size must be [1, height, width], not {}", path_, patch.dump());
        height = size("patch_size", patch[1]);
        width = size("patch_size", patch[2]);
    }

  private:
    int64_t size(const char* key, const json& value) const {
        check_input(value.is_number_integer() && value >= 1 && value <= kLargest,
                    "{}: {} is {}, not a size from 1 to {}", path_, key, value.dump(), kLargest);
        return value;
    }

    std::string path_;
    json values_;
};

}  // namespace

TransformerConfig TransformerConfig::read(const std::filesystem::path& path) {
    const Reader reader(path);
    TransformerConfig c;
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
    reader.read_patch(c.patch_height, c.patch_width);
    reader.require("cross_attn_norm", true);
    reader.require("qk_norm", "rms_norm_across_heads");
    reader.require("added_kv_proj_dim", nullptr);
    reader.require("image_dim", nullptr);
    check_input(c.head_dim % 2 == 0 && c.head_dim >= 6 && c.head_dim <= 128,
                "{}: attention_head_dim {} is not an even size from 6 to 128", path.string(),
                c.head_dim);
    check_input(c.freq_dim % 2 == 0, "{}: freq_dim {} is odd", path.string(), c.freq_dim);
    return c;
}

}  // namespace longtake::diffusion
