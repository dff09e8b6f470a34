#include "diffusion/models/causal_transformer_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

namespace longtake::diffusion {
namespace {

class Loader {
  public:
    Loader(const WeightMap& from, DType compute, Device device)
        : from_(from), compute_(compute), device_(device) {}
    Loader in(DType compute) const { return {from_, compute, device_}; }

    Tensor values(const std::string& name, const Shape& shape) const {
        return on_cpu(name, shape).to(device_);
    }
    Linear linear(const std::string& name, int64_t in, int64_t out) const {
        return {from_.get(name + ".weight", {out, in}), from_.get(name + ".bias", {out}), compute_,
                device_};
    }
    // Several products of the same input as one: their outputs side by side.
    Linear stacked(const std::string& prefix, std::initializer_list<const char*> names, int64_t in,
                   int64_t out) const {
        const auto count = static_cast<int64_t>(names.size());
        Tensor weight({count * out, in}, DType::F32), bias({count * out}, DType::F32);
        int64_t row = 0;
        for (const char* name : names) {
            copy(on_cpu(prefix + name + ".weight", {out, in}), weight, row);
            copy(on_cpu(prefix + name + ".bias", {out}), bias, row);
            row += out;
        }
        return {weight, bias, compute_, device_};
    }

  private:
    Tensor on_cpu(const std::string& name, const Shape& shape) const {
        return from_.get(name, shape).to(DType::F32);
    }
    static void copy(const Tensor& part, Tensor& whole, int64_t row) {
        std::memcpy(whole.slice(row, row + part.extent(0)).raw(), part.raw(), part.bytes());
    }

    const WeightMap& from_;
    DType compute_;
    Device device_;
};

// `products` loads what a pass multiplies by, `load` the rest.
CausalTransformer::Weights::Block load_block(const Loader& load, const Loader& products,
                                             const TransformerConfig& c, int64_t index) {
    const std::string name = fmt::format("blocks.{}.", index);
    const int64_t d = c.width();
    CausalTransformer::Weights::Block block{
        .qkv = products.stacked(name + "attn1.", {"to_q", "to_k", "to_v"}, d, d),
        .self_out = load.linear(name + "attn1.to_out.0", d, d),
        .cross_q = products.linear(name + "attn2.to_q", d, d),
        .cross_k = load.linear(name + "attn2.to_k", d, d),
        .cross_v = load.linear(name + "attn2.to_v", d, d),
        .cross_out = load.linear(name + "attn2.to_out.0", d, d),
        .up = products.linear(name + "ffn.net.0.proj", d, c.ffn_dim),
        .down = products.linear(name + "ffn.net.2", c.ffn_dim, d),
        .q_norm = load.values(name + "attn1.norm_q.weight", {d}),
        .k_norm = load.values(name + "attn1.norm_k.weight", {d}),
        .cross_q_norm = load.values(name + "attn2.norm_q.weight", {d}),
        .cross_k_norm = load.values(name + "attn2.norm_k.weight", {d}),
        .cross_gain = load.values(name + "norm2.weight", {d}),
        .cross_bias = load.values(name + "norm2.bias", {d}),
        .modulation = load.values(name + "scale_shift_table", {1, 6, d}).reshape({6, d})};
    if (c.image_dim > 0) {
        block.picture = {.k = load.linear(name + "attn2.add_k_proj", d, d),
                         .v = load.linear(name + "attn2.add_v_proj", d, d),
                         .k_norm = load.values(name + "attn2.norm_added_k.weight", {d})};
    }
    return block;
}

}  // namespace

CausalTransformer::Weights::Weights(const TransformerConfig& c, const WeightMap& from,
                                    DType compute, DType products, Device device) {
    const Loader load(from, compute, device);
    const int64_t d = c.width(), patch_in = c.in_channels * c.patch_size();
    patch = {
        from.get("patch_embedding.weight", {d, c.in_channels, 1, c.patch_height, c.patch_width})
            .reshape({d, patch_in}),
        from.get("patch_embedding.bias", {d}), compute, device};
    text_in = load.linear("condition_embedder.text_embedder.linear_1", c.text_dim, d);
    text_out = load.linear("condition_embedder.text_embedder.linear_2", d, d);
    time_in = load.linear("condition_embedder.time_embedder.linear_1", c.freq_dim, d);
    time_out = load.linear("condition_embedder.time_embedder.linear_2", d, d);
    time_modulation = load.linear("condition_embedder.time_proj", d, 6 * d);
    head = load.linear("proj_out", d, c.out_channels * c.patch_size());
    head_modulation = load.values("scale_shift_table", {1, 2, d}).reshape({2, d});
    if (c.image_dim > 0) {
        const std::string embedder = "condition_embedder.image_embedder.";
        image = {.in_gain = load.values(embedder + "norm1.weight", {c.image_dim}),
                 .in_bias = load.values(embedder + "norm1.bias", {c.image_dim}),
                 .in = load.linear(embedder + "ff.net.0.proj", c.image_dim, c.image_dim),
                 .out = load.linear(embedder + "ff.net.2", c.image_dim, d),
                 .out_gain = load.values(embedder + "norm2.weight", {d}),
                 .out_bias = load.values(embedder + "norm2.bias", {d})};
    }
    for (int64_t i = 0; i < c.layers; ++i) {
        blocks.push_back(load_block(load, load.in(products), c, i));
    }
    const auto alone = [](const Block& b) {
        const std::array rows{b.qkv.rows_alone(),     b.self_out.rows_alone(),
                              b.cross_q.rows_alone(), b.cross_out.rows_alone(),
                              b.up.rows_alone(),      b.down.rows_alone()};
        return *std::ranges::min_element(rows);
    };
    rows_alone = blocks.empty() ? 0 : alone(blocks.front());
    from.check_none(fmt::format("blocks.{}.", c.layers));
}

}  // namespace longtake::diffusion
