#pragma once

#include "core/tensor.h"
#include "diffusion/models/attention_memory.h"
#include "diffusion/models/transformer_config.h"
#include "diffusion/weights/weight_map.h"

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace longtake::diffusion {

// What a prompt means to every layer: the keys and values of its cross attention, computed once.
// The rows past the prompt's end are equal; they are kept as one row that counts as many. A model
// that attends to the picture it began with sees that in every context.
struct TextContext {
    struct Layer {
        Tensor keys, values;  // [heads, rows, head_dim]
    };
    std::vector<Layer> layers;
    std::vector<Layer> picture;  // see prepare_picture; empty where the model attends to none
    Tensor key_bias;             // [rows]; ln(padding rows) on the last, empty without padding

    // What every token sees beside the memory.
    int64_t rows() const {
        return layers[0].keys.extent(1) + (picture.empty() ? 0 : picture[0].keys.extent(1));
    }
    std::span<const float> bias() const {
        return key_bias.empty() ? std::span<const float>() : key_bias.values<float>();
    }
};

// One of the takes that make a pass: its chunk, its prompt, what it remembers, and where the flow
// goes. Without a flow the pass is for the memory's sake alone.
struct PassTake {
    const Tensor& latents;
    const TextContext& text;
    AttentionMemory& memory;
    Tensor* flow = nullptr;
};

// Everything a pass writes to besides its result and the attention memory: activations, scratch
// of the ops and the modulation of each timestep seen. Belongs to one session, or to those that
// make their passes together, and serves one model of the same device; nothing is allocated once a
// chunk of the same size has passed.
class TransformerWorkspace {
  public:
    explicit TransformerWorkspace(Device device = Device::Cpu);
    ~TransformerWorkspace();
    TransformerWorkspace(TransformerWorkspace&&) noexcept;
    TransformerWorkspace& operator=(TransformerWorkspace&&) noexcept;

    struct State;
    State& state() { return *state_; }
    // What all work on the GPU goes to; null on the CPU.
    GpuStream stream() const;
    void synchronize() const;

  private:
    std::unique_ptr<State> state_;
};

// Wan's video transformer, run chunk by chunk: a chunk's tokens attend to themselves and to what
// the attention memory kept of earlier chunks. Immutable; sessions share it.
class CausalTransformer {
  public:
    // `folder` holds config.json and the weights under diffusers' or the original names;
    // `compute` is F32, BF16 or, on a Hopper GPU, F8E4M3: then most products of a pass multiply
    // fp8, and all else is bf16.
    static CausalTransformer load(const std::filesystem::path& folder, DType compute,
                                  Device device = Device::Cpu);
    CausalTransformer(const TransformerConfig& config, const WeightMap& weights, DType compute,
                      Device device = Device::Cpu);

    const TransformerConfig& config() const { return config_; }
    DType compute() const { return compute_; }    // F32 or BF16
    DType products() const { return products_; }  // what a pass multiplies: the same, or F8E4M3
    Device device() const { return device_; }

    // embeds [rows, text_dim] on the CPU, rows <= text_len: the prompt's rows without padding, or
    // with it.
    TextContext prepare_text(const Tensor& embeds) const;
    TextContext prepare_text(const Tensor& embeds, int64_t text_len) const;

    // Whether it attends to a picture's features.
    bool attends_picture() const { return config_.image_dim > 0; }
    // features [rows, image_dim] fp32 on the CPU, of the picture that a take begins with.
    std::vector<TextContext::Layer> prepare_picture(const Tensor& features) const;

    // The flow (noise - clean) of one chunk.
    //   latents [F, C, h, w] fp32, C <= in_channels: missing channels are zero
    //   timesteps [F], one per frame, 0 to 1000
    //   flow [F, out_channels, h, w] fp32, written
    // Tensors and memory are of the model's device. On the GPU the work is queued on the
    // workspace's stream, which the memory works on too.
    void forward(const Tensor& latents, std::span<const double> timesteps, const TextContext& text,
                 AttentionMemory& memory, Tensor& flow, TransformerWorkspace& workspace) const;
    // The same for the memory's sake alone: ends with the last layer's keys and values.
    void remember(const Tensor& latents, std::span<const double> timesteps, const TextContext& text,
                  AttentionMemory& memory, TransformerWorkspace& workspace) const;
    // Several takes at once, each as if alone: all rows go through a layer's products together.
    // Their chunks are of one size, and all or none have a flow; all memories work on the
    // workspace's stream.
    void pass(std::span<const PassTake> takes, std::span<const double> timesteps,
              TransformerWorkspace& workspace) const;

    // Multiply-adds count twice; `cached` is what the memory offers, in tokens, `rows` what the
    // context does.
    double flops(int64_t tokens, int64_t cached, int64_t rows) const;

    struct Weights;
    class Pass;

  private:
    void check_fit(const PassTake& take, std::span<const double> timesteps) const;

    TransformerConfig config_;
    DType compute_, products_;
    Device device_;
    std::shared_ptr<const Weights> weights_;
};

}  // namespace longtake::diffusion
