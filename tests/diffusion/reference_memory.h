#pragma once

#include "core/error.h"
#include "diffusion/models/attention_memory.h"
#include "diffusion/models/transformer_config.h"
#include "diffusion/ops/attention.h"
#include "diffusion/ops/layout.h"
#include "diffusion/ops/rope.h"

#include <vector>

namespace longtake::diffusion {

// The simplest attention memory: keeps every chunk, each frame at its absolute position. Every
// pass writes to the place of the current chunk; `advance` moves on to the next.
class ReferenceMemory final : public AttentionMemory {
  public:
    ReferenceMemory(const TransformerConfig& config, DType dtype, int64_t max_frames,
                    int64_t chunk_frames, int64_t tokens_per_frame, Device device = Device::Cpu,
                    GpuStream stream = nullptr, bool fp8 = false)
        : tokens_(tokens_per_frame), chunk_(chunk_frames), stream_(stream), fp8_(fp8) {
        for (int64_t i = 0; i < config.layers; ++i) {
            const Shape shape{config.heads, max_frames * tokens_per_frame, config.head_dim};
            layers_.push_back({Tensor::zeros(shape, dtype).to(device),
                               Tensor::zeros(shape, dtype).to(device),
                               {},
                               {}});
            if (fp8) {
                const Shape bytes{config.heads, fp8_stride(shape[1]), config.head_dim};
                layers_.back().fp8_keys = Tensor(bytes, DType::F8E4M3, device);
                layers_.back().fp8_values = Tensor(bytes, DType::F8E4M3, device);
            }
        }
        advance(0);
    }

    void advance(int64_t frames) {
        begin_ += frames;
        positions_.clear();
        for (int64_t f = 0; f < chunk_; ++f) {
            positions_.push_back(static_cast<double>(begin_ + f));
        }
    }

    std::span<const double> query_positions() const override { return positions_; }

    KvView update(int layer, const Tensor&, const Tensor& keys, const Tensor& values) override {
        auto& [k, v, k8, v8] = layers_[static_cast<size_t>(layer)];
        const int64_t rows = keys.extent(0), heads = keys.extent(1), d = keys.extent(2);
        const int64_t at = begin_ * tokens_, capacity = k.extent(1);
        check(rows == chunk_ * tokens_ && at + rows <= capacity, "reference memory is full");
        scatter_heads(keys, k, at, stream_);
        scatter_heads(values, v, at, stream_);
        const size_t bytes = static_cast<size_t>(d) * size_of(keys.dtype());
        for (int64_t h = 0; h < heads; ++h) {
            Tensor fresh = Tensor::view(
                static_cast<std::byte*>(k.raw()) + static_cast<size_t>(h * capacity + at) * bytes,
                {1, rows, d}, k.dtype(), k.device());
            rope_time(fresh, positions_, fresh, 10000.0, stream_);
        }
        const KvView view{k.raw(), v.raw(), at + rows, capacity, k.dtype()};
        if (!fp8_) {
            return view;
        }
        const int64_t stride = fp8_stride(capacity);
        attention_quantize_cuda({.kept = view, .begin = at}, heads, {k8.raw(), v8.raw(), stride},
                                stream_);
        return {k8.raw(), v8.raw(), at + rows, stride, DType::F8E4M3};
    }

  private:
    struct Layer {
        Tensor keys, values;
        Tensor fp8_keys, fp8_values;
    };
    static int64_t fp8_stride(int64_t slots) { return (slots + 31) / 32 * 32; }

    std::vector<Layer> layers_;
    std::vector<double> positions_;
    int64_t tokens_, chunk_, begin_ = 0;
    GpuStream stream_;
    bool fp8_;
};

}  // namespace longtake::diffusion
