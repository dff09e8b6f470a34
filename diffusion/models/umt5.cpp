#include "diffusion/models/umt5.h"

#include "core/error.h"
#include "diffusion/ops/multiply.h"
#include "diffusion/ops/relative_attention.h"
#include "diffusion/ops/rms_norm.h"

#include <algorithm>
#include <cmath>

namespace longtake::diffusion {

int64_t relative_position_bucket(int64_t distance, int64_t buckets, int64_t max_distance) {
    const int64_t half = buckets / 2, exact = half / 2, n = std::abs(distance);
    const int64_t sign = distance > 0 ? half : 0;
    if (n < exact) {
        return sign + n;
    }
    // In fp32, like the reference: at some distances the rounding decides.
    const float steps = std::log(static_cast<float>(n) / static_cast<float>(exact)) /
                        static_cast<float>(std::log(static_cast<double>(max_distance) /
                                                    static_cast<double>(exact))) *
                        static_cast<float>(half - exact);
    return sign + std::min(exact + static_cast<int64_t>(steps), half - 1);
}

// One prompt on its way through the layers.
class Umt5Encoder::Pass {
  public:
    Pass(const Umt5Encoder& model, std::span<const int32_t> tokens)
        : model_(model), workspace_(model.device_), x_(embed(tokens)) {
        const Umt5Config& c = model.config_;
        const int64_t n = x_.extent(0), inner = c.heads * c.head_dim;
        const auto make = [&](int64_t width, DType type) {
            return Tensor({n, width}, type, model.device_);
        };
        normed_ = make(c.width, model.compute_);
        q_ = make(inner, DType::F32), k_ = make(inner, DType::F32), v_ = make(inner, DType::F32);
        attended_ = make(inner, model.compute_);
        gate_ = make(c.ffn_dim, DType::F32), up_ = make(c.ffn_dim, DType::F32);
        hidden_ = make(c.ffn_dim, model.compute_);
        Tensor bucket({2 * n - 1}, DType::I32);
        for (int64_t i = 0; i < bucket.count(); ++i) {
            bucket.data<int32_t>()[i] = static_cast<int32_t>(
                relative_position_bucket(i - n + 1, c.buckets, c.max_distance));
        }
        bucket_ = bucket.to(model.device_);
    }

    void run(const Layer& layer) {
        normalize(layer.attention_norm, normed_);
        layer.q(normed_, q_, workspace_);
        layer.k(normed_, k_, workspace_);
        layer.v(normed_, v_, workspace_);
        relative_attention(q_, k_, v_, layer.position_bias, bucket_, attended_, workspace_);
        layer.o(attended_, x_, workspace_, Epilogue::add());
        normalize(layer.ffn_norm, normed_);
        layer.gate(normed_, gate_, workspace_, Epilogue::gelu());
        layer.up(normed_, up_, workspace_);
        multiply(gate_, up_, hidden_, workspace_.stream());
        layer.down(hidden_, x_, workspace_, Epilogue::add());
    }

    void synchronize() const { workspace_.synchronize(); }

    Tensor rows() {
        Tensor result(x_.shape(), DType::F32, model_.device_);
        normalize(model_.final_norm_, result);
        synchronize();
        return result.to(Device::Cpu);
    }

  private:
    Tensor embed(std::span<const int32_t> tokens) const {
        const int64_t width = model_.config_.width, vocabulary = model_.config_.vocabulary;
        Tensor rows({static_cast<int64_t>(tokens.size()), width}, DType::F32);
        float* to = rows.data<float>();
        for (const int64_t token : tokens) {
            check(token >= 0 && token < vocabulary, "umt5: token {} of a vocabulary of {}", token,
                  vocabulary);
            const Tensor row = model_.embedding_.slice(token, token + 1).to(DType::F32);
            to = std::copy_n(row.data<float>(), width, to);
        }
        return rows.to(model_.device_);
    }

    // x normalized over its width.
    void normalize(const Tensor& weight, Tensor& out) {
        Tensor as_one_head = out.reshape({out.extent(0), 1, out.extent(1)});
        rms_norm(x_, 0, weight, model_.config_.eps, as_one_head, Rotation::None, nullptr,
                 workspace_.stream());
    }

    const Umt5Encoder& model_;
    Workspace workspace_;
    Tensor x_;                               // [n, width] fp32
    Tensor normed_, hidden_, attended_;      // of the compute type
    Tensor q_, k_, v_, gate_, up_, bucket_;  // fp32, the last int32
};

Tensor Umt5Encoder::encode(std::span<const int32_t> tokens) const {
    check(!tokens.empty(), "umt5: no tokens");
    Pass pass(*this, tokens);
    for (const Layer& layer : layers_) {
        pass.run(layer);
    }
    for (int64_t i = 0; streamed() && i < config_.layers; ++i) {
        pass.run(read(i));
        pass.synchronize();  // the layer goes
    }
    return pass.rows();
}

}  // namespace longtake::diffusion
