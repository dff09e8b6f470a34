#include "diffusion/ops/row_kernels.h"

#include <cmath>

// Plain loops, for any machine and width: what the others are tested against.
namespace longtake::diffusion {
namespace {

template <typename Out>
void layer_norm(const float* x, const float* gain, const float* bias, int64_t d, float eps,
                void* out) {
    float sum = 0, squares = 0;
    for (int64_t i = 0; i < d; ++i) {
        sum += x[i];
    }
    const float mean = sum / static_cast<float>(d);
    for (int64_t i = 0; i < d; ++i) {
        squares += (x[i] - mean) * (x[i] - mean);
    }
    const float scale = 1.F / std::sqrt(squares / static_cast<float>(d) + eps);
    auto* y = static_cast<Out*>(out);
    for (int64_t i = 0; i < d; ++i) {
        y[i] = (x[i] - mean) * scale * gain[i] + bias[i];
    }
}

template <typename T>
void turn_heads(const void* from, int64_t heads, HeadTurn turn, int64_t head_dim, void* out) {
    const T* x = static_cast<const T*>(from);
    auto* y = static_cast<T*>(out);
    for (int64_t i = 0; i < heads * head_dim; i += 2) {
        const int64_t k = i % head_dim;
        const auto a = static_cast<float>(x[i]), b = static_cast<float>(x[i + 1]);
        y[i] = a * turn.cosines[k] + b * turn.sines[k];
        y[i + 1] = b * turn.cosines[k + 1] + a * turn.sines[k + 1];
    }
}

template <typename In, typename Out>
void rms_norm(const void* from, const float* weight, int64_t d, float eps, HeadTurn turn,
              int64_t head_dim, void* out) {
    const In* x = static_cast<const In*>(from);
    auto* y = static_cast<Out*>(out);
    float squares = 0;
    for (int64_t i = 0; i < d; ++i) {
        squares += static_cast<float>(x[i]) * static_cast<float>(x[i]);
    }
    const float scale = 1.F / std::sqrt(squares / static_cast<float>(d) + eps);
    const auto normed = [=](int64_t i) { return static_cast<float>(x[i]) * scale * weight[i]; };
    for (int64_t i = 0; i < d; i += 2) {
        const float a = normed(i), b = normed(i + 1);
        const int64_t k = i % head_dim;
        const bool turns = turn.cosines != nullptr;
        y[i] = turns ? a * turn.cosines[k] + b * turn.sines[k] : a;
        y[i + 1] = turns ? b * turn.cosines[k + 1] + a * turn.sines[k + 1] : b;
    }
}

template <typename T> void gelu(void* x, int64_t n) {
    auto* y = static_cast<T*>(x);
    for (int64_t i = 0; i < n; ++i) {
        const auto v = static_cast<float>(y[i]);
        y[i] = 0.5F * v * (1.F + std::tanh(0.7978845608F * (v + 0.044715F * v * v * v)));
    }
}

}  // namespace

extern const RowKernels kRowsPortable;
const RowKernels kRowsPortable{
    .name = "portable",
    .lanes = 1,
    .layer_norm = {layer_norm<float>, layer_norm<bf16>},
    .rms_norm = {{rms_norm<float, float>, rms_norm<float, bf16>},
                 {rms_norm<bf16, float>, rms_norm<bf16, bf16>}},
    .turn = {turn_heads<float>, turn_heads<bf16>},
    .gelu = {gelu<float>, gelu<bf16>},
};

}  // namespace longtake::diffusion
