#include "diffusion/models/causal_transformer_pass.h"

#include "core/error.h"
#include "core/parallel.h"
#include "diffusion/ops/attention.h"
#include "diffusion/ops/layer_norm.h"
#include "diffusion/ops/rms_norm.h"
#include "diffusion/ops/timestep_embedding.h"

#include <cstring>

namespace longtake::diffusion {
namespace {

// a + b elementwise, rows of `a` and a [1, k d] row `b` of either the same or one row's size.
Tensor sum_row(const Tensor& a, int64_t row, const float* b, float extra) {
    const int64_t d = a.extent(1);
    Tensor out({d}, DType::F32);
    for (int64_t i = 0; i < d; ++i) {
        out.data<float>()[i] = a.data<float>()[row * d + i] + b[i] + extra;
    }
    return out;
}

// Copies the columns [column, column + out's row) of every row.
void copy_columns(const Tensor& from, int64_t column, Tensor& out) {
    const size_t element = size_of(from.dtype());
    const size_t row = static_cast<size_t>(out.extent(1) * out.extent(2)) * element;
    const size_t stride = static_cast<size_t>(from.extent(1)) * element;
    const auto* source =
        static_cast<const std::byte*>(from.raw()) + static_cast<size_t>(column) * element;
    auto* target = static_cast<std::byte*>(out.raw());
    parallel_for(out.extent(0), [=](int64_t r) {
        const auto i = static_cast<size_t>(r);
        std::memcpy(target + i * row, source + i * stride, row);
    });
}

template <typename T>
void gather_patches(const Tensor& latents, const TransformerConfig& c, Tensor& patches) {
    const int64_t channels = latents.extent(1), height = latents.extent(2),
                  width = latents.extent(3);
    const int64_t ph = c.patch_height, pw = c.patch_width;
    const int64_t rows = height / ph, columns = width / pw, length = patches.extent(1);
    const float* from = latents.data<float>();
    T* to = patches.data<T>();
    parallel_for(latents.extent(0) * rows, [=](int64_t item) {
        const int64_t frame = item / rows, row = item % rows;
        for (int64_t column = 0; column < columns; ++column) {
            T* patch = to + (item * columns + column) * length;
            for (int64_t i = 0; i < length; ++i) {
                const int64_t channel = i / (ph * pw), y = row * ph + i / pw % ph;
                const int64_t x = column * pw + i % pw;
                patch[i] = channel < channels
                               ? T(from[((frame * channels + channel) * height + y) * width + x])
                               : T(0.F);
            }
        }
    });
}

}  // namespace

void CausalTransformer::Pass::run(const Tensor& latents, std::span<const double> timesteps,
                                  const TextContext& text, AttentionMemory& memory, Tensor& flow) {
    s_.fit(&weights_, config_, compute_, latents.extent(0),
           latents.extent(2) / config_.patch_height, latents.extent(3) / config_.patch_width);
    s_.group(timesteps, [this](double t) { return modulation(t); });
    s_.rope->set_time(memory.query_positions());
    patchify(latents);
    weights_.patch(s_.patches, s_.x, s_.ops);
    for (int layer = 0; layer < static_cast<int>(weights_.blocks.size()); ++layer) {
        self_attention(layer, memory);
        cross_attention(layer, text);
        feed_forward(layer);
    }
    head();
    unpatchify(flow);
}

Modulation CausalTransformer::Pass::modulation(double timestep) {
    const int64_t d = config_.width();
    Tensor wave({1, config_.freq_dim}, compute_), gated({1, d}, compute_);
    Tensor inner({1, d}, DType::F32), e({1, d}, DType::F32), e6({1, 6 * d}, DType::F32);
    timestep_embedding(timestep, wave);
    weights_.time_in(wave, inner, s_.ops);
    silu(inner, gated);
    weights_.time_out(gated, e, s_.ops);
    silu(e, gated);
    weights_.time_modulation(gated, e6, s_.ops);

    Modulation m;
    for (const Weights::Block& block : weights_.blocks) {
        const auto row = [&](int64_t i, float extra) {
            return sum_row(block.modulation, i, e6.data<float>() + i * d, extra);
        };
        m.layers.push_back({row(0, 0), row(1, 1), row(2, 0), row(3, 0), row(4, 1), row(5, 0)});
    }
    // The head is modulated by the embedding itself, not by its projection.
    m.head_shift = sum_row(weights_.head_modulation, 0, e.data<float>(), 0);
    m.head_gain = sum_row(weights_.head_modulation, 1, e.data<float>(), 1);
    return m;
}

void CausalTransformer::Pass::patchify(const Tensor& latents) {
    compute_ == DType::F32 ? gather_patches<float>(latents, config_, s_.patches)
                           : gather_patches<bf16>(latents, config_, s_.patches);
}

void CausalTransformer::Pass::self_attention(int layer, AttentionMemory& memory) {
    const Weights::Block& block = weights_.blocks[static_cast<size_t>(layer)];
    const int64_t d = config_.width();
    for (auto& g : s_.groups) {
        const Modulation::Layer& m = g.modulation->layers[static_cast<size_t>(layer)];
        layer_norm(g.x, m.self_gain, m.self_shift, config_.eps, g.normed);
    }
    block.qkv(s_.normed, s_.qkv, s_.ops);
    rms_norm(s_.qkv, 0, block.q_norm, config_.eps, s_.q, Rotation::SpaceAndTime, &*s_.rope);
    rms_norm(s_.qkv, d, block.k_norm, config_.eps, s_.k, Rotation::Space, &*s_.rope);
    copy_columns(s_.qkv, 2 * d, s_.v);
    attention(s_.q, memory.update(layer, s_.q, s_.k, s_.v), s_.attended, s_.ops);
    for (auto& g : s_.groups) {
        const Modulation::Layer& m = g.modulation->layers[static_cast<size_t>(layer)];
        block.self_out(g.attended, g.x, s_.ops, Epilogue::gated_add(m.self_gate));
    }
}

void CausalTransformer::Pass::cross_attention(int layer, const TextContext& text) {
    const Weights::Block& block = weights_.blocks[static_cast<size_t>(layer)];
    const TextContext::Layer& kv = text.layers[static_cast<size_t>(layer)];
    const KvView view{.keys = kv.keys.raw(),
                      .values = kv.values.raw(),
                      .slots = kv.keys.extent(1),
                      .stride = kv.keys.extent(1),
                      .dtype = compute_};
    layer_norm(s_.x, block.cross_gain, block.cross_bias, config_.eps, s_.normed);
    block.cross_q(s_.normed, s_.cross, s_.ops);
    rms_norm(s_.cross, 0, block.cross_q_norm, config_.eps, s_.q);
    attention(s_.q, view, s_.attended, s_.ops, text.key_bias);
    block.cross_out(s_.attended2, s_.x, s_.ops, Epilogue::add());
}

void CausalTransformer::Pass::feed_forward(int layer) {
    const Weights::Block& block = weights_.blocks[static_cast<size_t>(layer)];
    for (auto& g : s_.groups) {
        const Modulation::Layer& m = g.modulation->layers[static_cast<size_t>(layer)];
        layer_norm(g.x, m.ffn_gain, m.ffn_shift, config_.eps, g.normed);
    }
    block.up(s_.normed, s_.hidden, s_.ops, Epilogue::gelu());
    for (auto& g : s_.groups) {
        const Modulation::Layer& m = g.modulation->layers[static_cast<size_t>(layer)];
        block.down(g.hidden, g.x, s_.ops, Epilogue::gated_add(m.ffn_gate));
    }
}

void CausalTransformer::Pass::head() {
    for (auto& g : s_.groups) {
        layer_norm(g.x, g.modulation->head_gain, g.modulation->head_shift, config_.eps, g.normed);
    }
    weights_.head(s_.normed, s_.tokens, s_.ops);
}

// Token element (y, x, channel), channel fastest -> flow [F, C, h, w].
void CausalTransformer::Pass::unpatchify(Tensor& flow) const {
    const int64_t channels = config_.out_channels, ph = config_.patch_height;
    const int64_t pw = config_.patch_width, height = flow.extent(2), width = flow.extent(3);
    const int64_t rows = height / ph, columns = width / pw;
    const float* from = s_.tokens.data<float>();
    float* to = flow.data<float>();
    parallel_for(flow.extent(0) * channels * height, [=](int64_t item) {
        const int64_t y = item % height, channel = item / height % channels;
        const int64_t frame = item / height / channels;
        for (int64_t x = 0; x < width; ++x) {
            const int64_t token = (frame * rows + y / ph) * columns + x / pw;
            const int64_t element = (y % ph * pw + x % pw) * channels + channel;
            to[item * width + x] = from[token * channels * ph * pw + element];
        }
    });
}

}  // namespace longtake::diffusion
