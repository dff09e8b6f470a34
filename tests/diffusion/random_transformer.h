#pragma once

#include "core/safetensors.h"
#include "diffusion/models/causal_transformer.h"
#include "tests/diffusion/testing.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace longtake::diffusion {

// The sizes of the model in assets/.
inline TransformerConfig bundled_size() {
    TransformerConfig c;
    c.heads = 4;
    c.head_dim = 64;
    c.in_channels = 32;
    c.out_channels = 16;
    c.text_dim = 192;
    c.text_len = 64;
    c.ffn_dim = 1024;
    c.layers = 8;
    return c;
}

// A model of any size with random weights. `alike`: every block has those of the first, which is
// quicker to make.
inline CausalTransformer random_transformer(const TransformerConfig& c, DType compute,
                                            Device device = Device::Cpu, bool alike = false) {
    std::vector<std::pair<std::string, Tensor>> weights;
    const auto add = [&](const std::string& name, const Shape& shape, float spread, float offset) {
        Tensor t = random_tensor(shape, static_cast<unsigned>(weights.size()), DType::F32, spread);
        for (float& v : t.values<float>()) {
            v += offset;
        }
        weights.emplace_back(name, t);
    };
    const auto linear = [&](const std::string& name, int64_t in, int64_t out) {
        add(name + ".weight", {out, in}, 1.F / std::sqrt(static_cast<float>(in)), 0);
        add(name + ".bias", {out}, 0.1F, 0);
    };
    const int64_t d = c.width();
    const std::string condition = "condition_embedder.";
    add("patch_embedding.weight", {d, c.in_channels, 1, c.patch_height, c.patch_width}, 0.1F, 0);
    add("patch_embedding.bias", {d}, 0.1F, 0);
    linear(condition + "text_embedder.linear_1", c.text_dim, d);
    linear(condition + "text_embedder.linear_2", d, d);
    linear(condition + "time_embedder.linear_1", c.freq_dim, d);
    linear(condition + "time_embedder.linear_2", d, d);
    linear(condition + "time_proj", d, 6 * d);
    linear("proj_out", d, c.out_channels * c.patch_size());
    add("scale_shift_table", {1, 2, d}, 0.3F, 0);
    if (c.image_dim > 0) {
        const std::string image = condition + "image_embedder.";
        for (const auto& [norm, width] : {std::pair("norm1", c.image_dim), {"norm2", d}}) {
            add(image + norm + ".weight", {width}, 0.1F, 1);
            add(image + norm + ".bias", {width}, 0.1F, 0);
        }
        linear(image + "ff.net.0.proj", c.image_dim, c.image_dim);
        linear(image + "ff.net.2", c.image_dim, d);
    }
    for (int64_t i = 0; i < c.layers; ++i) {
        const std::string block = fmt::format("blocks.{}.", i);
        if (alike && i > 0) {
            for (size_t w = 0, count = weights.size(); w < count; ++w) {
                if (weights[w].first.starts_with("blocks.0.")) {
                    weights.emplace_back(block + weights[w].first.substr(9), weights[w].second);
                }
            }
            continue;
        }
        for (const char* attention : {"attn1.", "attn2."}) {
            for (const char* name : {"to_q", "to_k", "to_v", "to_out.0"}) {
                linear(block + attention + name, d, d);
            }
            add(block + attention + "norm_q.weight", {d}, 0.1F, 1);
            add(block + attention + "norm_k.weight", {d}, 0.1F, 1);
        }
        if (c.image_dim > 0) {
            linear(block + "attn2.add_k_proj", d, d);
            linear(block + "attn2.add_v_proj", d, d);
            add(block + "attn2.norm_added_k.weight", {d}, 0.1F, 1);
        }
        add(block + "norm2.weight", {d}, 0.1F, 1);
        add(block + "norm2.bias", {d}, 0.1F, 0);
        linear(block + "ffn.net.0.proj", d, c.ffn_dim);
        linear(block + "ffn.net.2", c.ffn_dim, d);
        add(block + "scale_shift_table", {1, 6, d}, 0.3F, 0);
    }
    const auto path = std::filesystem::temp_directory_path() /
                      fmt::format("longtake_random_{}.safetensors", getpid());
    write_safetensors(path, weights);
    CausalTransformer model(c, WeightMap::open(path), compute, device);
    std::filesystem::remove(path);
    return model;
}

}  // namespace longtake::diffusion
