#include "diffusion/models/clip_vision.h"

#include "diffusion/ops/attention.h"
#include "diffusion/ops/layer_norm.h"
#include "diffusion/ops/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace longtake::diffusion {

ClipVision::ClipVision(const ClipVisionConfig& c, const WeightMap& weights, DType compute,
                       Device device)
    : config_(c), compute_(compute), device_(device) {
    const auto floats = [&](const std::string& name, const Shape& shape) {
        return weights.get(name, shape).to(DType::F32);
    };
    const auto norm = [&](const std::string& name) {
        return Norm{floats(name + ".weight", {c.width}).to(device),
                    floats(name + ".bias", {c.width}).to(device)};
    };
    const auto linear = [&](const std::string& name, int64_t in, int64_t out) {
        Linear packed(weights.get(name + ".weight", {out, in}), weights.get(name + ".bias", {out}),
                      compute, device);
        weights.release(name + ".weight");
        return packed;
    };
    const int64_t inputs = 3 * c.patch_size * c.patch_size;
    patch_ = {
        weights.get("embeddings.patch_embedding.weight", {c.width, 3, c.patch_size, c.patch_size})
            .reshape({c.width, inputs}),
        {},
        compute,
        device};
    Tensor places = floats("embeddings.position_embedding.weight", {c.rows(), c.width}).clone();
    const Tensor whole = floats("embeddings.class_embedding", {c.width});
    std::ranges::transform(whole.values<float>(), places.values<float>().first(whole.count()),
                           places.data<float>(), std::plus());
    places_ = places.to(device);
    first_norm_ = norm("pre_layrnorm");
    for (int64_t i = 0; i + 1 < c.layers; ++i) {
        const std::string name = fmt::format("encoder.layers.{}.", i);
        layers_.push_back({.attention_norm = norm(name + "layer_norm1"),
                           .ffn_norm = norm(name + "layer_norm2"),
                           .q = linear(name + "self_attn.q_proj", c.width, c.width),
                           .k = linear(name + "self_attn.k_proj", c.width, c.width),
                           .v = linear(name + "self_attn.v_proj", c.width, c.width),
                           .out = linear(name + "self_attn.out_proj", c.width, c.width),
                           .up = linear(name + "mlp.fc1", c.width, c.ffn_dim),
                           .down = linear(name + "mlp.fc2", c.ffn_dim, c.width)});
    }
}

// One picture on its way through the layers.
class ClipVision::Pass {
  public:
    explicit Pass(const ClipVision& model) : model_(model), workspace_(model.device_) {
        const ClipVisionConfig& c = model.config_;
        const auto make = [&](const Shape& shape, DType type) {
            return Tensor(shape, type, model.device_);
        };
        const DType compute = model.compute_;
        const Shape rows{c.rows(), c.width}, by_head{c.rows(), c.heads, c.width / c.heads};
        x_ = make(rows, DType::F32), normed_ = make(rows, compute);
        q_ = make(by_head, compute), row_ = make(by_head, compute);
        k_ = make({by_head[1], by_head[0], by_head[2]}, compute), v_ = make(k_.shape(), compute);
        up_ = make({c.rows(), c.ffn_dim}, DType::F32), hidden_ = make(up_.shape(), compute);
    }

    void embed(const Tensor& pixels) {
        const ClipVisionConfig& c = model_.config_;
        Tensor patches({c.rows() - 1, model_.patch_.in()}, model_.compute_, model_.device_);
        Tensor sum(x_.shape(), DType::F32, model_.device_), of_patches = sum.slice(1, c.rows());
        copy_bytes(sum.raw(), model_.device_, model_.places_.raw(), model_.device_, sum.bytes(),
                   stream());
        patchify(pixels.to(model_.device_), c.patch_size, c.patch_size, patches, stream());
        model_.patch_(patches, of_patches, workspace_, Epilogue::add());
        normalize(sum, model_.first_norm_, x_);
        workspace_.synchronize();  // the temporaries go
    }

    void run(const Layer& layer) {
        normalize(x_, layer.attention_norm, normed_);
        project(layer.q, q_);
        project(layer.k, row_);
        scatter_heads(row_, k_, 0, stream());
        project(layer.v, row_);
        scatter_heads(row_, v_, 0, stream());
        const int64_t rows = model_.config_.rows();
        attention(q_, {k_.raw(), v_.raw(), rows, rows, model_.compute_}, row_, workspace_);
        layer.out(row_.reshape(x_.shape()), x_, workspace_, Epilogue::add());
        normalize(x_, layer.ffn_norm, normed_);
        layer.up(normed_, up_, workspace_);
        activate(up_, model_.config_.activation, hidden_, stream());
        layer.down(hidden_, x_, workspace_, Epilogue::add());
    }

    Tensor features() const {
        workspace_.synchronize();
        return x_.to(Device::Cpu);
    }

  private:
    GpuStream stream() const { return workspace_.stream(); }
    void normalize(const Tensor& x, const Norm& norm, Tensor& out) {
        layer_norm(x, norm.gain, norm.bias, model_.config_.eps, out, stream());
    }
    void project(const Linear& linear, Tensor& heads) {
        Tensor as_rows = heads.reshape(x_.shape());
        linear(normed_, as_rows, workspace_);
    }

    const ClipVision& model_;
    Workspace workspace_;
    Tensor x_, up_;           // fp32: [rows, width] and [rows, ffn_dim]
    Tensor normed_, hidden_;  // the same of the compute type
    Tensor q_, row_;          // [rows, heads, head_dim]
    Tensor k_, v_;            // [heads, rows, head_dim]
};

Tensor ClipVision::encode(const Tensor& picture) const {
    Pass pass(*this);
    pass.embed(clip_pixels(picture, config_.image_size));
    for (const Layer& layer : layers_) {
        pass.run(layer);
    }
    return pass.features();
}

}  // namespace longtake::diffusion
