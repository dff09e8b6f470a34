#include "diffusion/models/causal_transformer.h"

#include "core/error.h"
#include "diffusion/models/causal_transformer_pass.h"
#include "diffusion/models/causal_transformer_weights.h"
#include "diffusion/ops/activation.h"
#include "diffusion/ops/layer_norm.h"
#include "diffusion/ops/layout.h"
#include "diffusion/ops/rms_norm.h"
#include "diffusion/weights/key_map.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace longtake::diffusion {
namespace {

// [rows, heads, head_dim] -> [heads, rows, head_dim]
Tensor by_head(const Tensor& t, GpuStream stream) {
    Tensor out({t.extent(1), t.extent(0), t.extent(2)}, t.dtype(), t.device());
    scatter_heads(t, out, 0, stream);
    return out;
}

// Makes every layer's keys and values of the rows [rows, d] that cross attention reads.
class CrossRows {
  public:
    CrossRows(const TransformerConfig& config, const Tensor& rows, Workspace& workspace)
        : config_(config),
          rows_(rows),
          projected_(rows.shape(), rows.dtype(), rows.device()),
          workspace_(workspace) {}

    TextContext::Layer through(const Linear& k, const Tensor& k_norm, const Linear& v) {
        Tensor keys({rows_.extent(0), config_.heads, config_.head_dim}, rows_.dtype(),
                    rows_.device());
        k(rows_, projected_, workspace_);
        rms_norm(projected_, 0, k_norm, config_.eps, keys, Rotation::None, nullptr,
                 workspace_.stream());
        v(rows_, projected_, workspace_);
        return {by_head(keys, workspace_.stream()),
                by_head(projected_.reshape(keys.shape()), workspace_.stream())};
    }

  private:
    const TransformerConfig& config_;
    const Tensor& rows_;
    Tensor projected_;
    Workspace& workspace_;
};

// Rows before the zero rows at the end.
int64_t rows_before_padding(const Tensor& embeds) {
    const float* values = embeds.data<float>();
    int64_t rows = embeds.extent(0);
    const int64_t d = embeds.extent(1);
    while (rows > 0 && std::all_of(values + (rows - 1) * d, values + rows * d,
                                   [](float v) { return v == 0.F; })) {
        --rows;
    }
    return rows;
}

DType checked_products(DType compute, Device device, int64_t head_dim) {
    check_input(compute != DType::F8E4M3 || (device == Device::Cuda && head_dim == 128),
                "fp8 takes a Hopper GPU and a model with heads of 128; choose --precision bf16");
    return compute;
}

}  // namespace

CausalTransformer::CausalTransformer(const TransformerConfig& config, const WeightMap& weights,
                                     DType compute, Device device)
    : config_(config),
      compute_(compute == DType::F8E4M3 ? DType::BF16 : compute),
      products_(checked_products(compute, device, config.head_dim)),
      device_(device),
      weights_(std::make_shared<const Weights>(config, weights, compute_, products_, device)) {}

CausalTransformer CausalTransformer::load(const std::filesystem::path& folder, DType compute,
                                          Device device) {
    return {TransformerConfig::read(folder / "config.json"),
            WeightMap::open(folder, diffusers_from_original), compute, device};
}

TextContext CausalTransformer::prepare_text(const Tensor& embeds) const {
    return prepare_text(embeds, config_.text_len);
}

TextContext CausalTransformer::prepare_text(const Tensor& embeds, int64_t text_len) const {
    check(embeds.shape().rank() == 2 && embeds.extent(1) == config_.text_dim &&
              embeds.extent(0) <= text_len,
          "prompt embeddings are {}, the model takes up to [{}, {}]", embeds.shape().str(),
          text_len, config_.text_dim);
    const Tensor given = embeds.to(DType::F32);
    const int64_t valid = rows_before_padding(given), padding = text_len - valid;
    const int64_t rows = valid + (padding > 0 ? 1 : 0), d = config_.width();

    Tensor input = Tensor::zeros({rows, config_.text_dim});
    std::copy_n(given.data<float>(), valid * config_.text_dim, input.data<float>());
    Workspace workspace(device_);
    const auto room = [&] { return Tensor({rows, d}, compute_, device_); };
    Tensor hidden = room(), context = room();
    weights_->text_in(input.to(compute_).to(device_), hidden, workspace, Epilogue::gelu());
    weights_->text_out(hidden, context, workspace);

    TextContext text;
    CrossRows cross(config_, context, workspace);
    for (const Weights::Block& block : weights_->blocks) {
        text.layers.push_back(cross.through(block.cross_k, block.cross_k_norm, block.cross_v));
    }
    if (padding > 0) {
        Tensor bias = Tensor::zeros({rows});
        bias.values<float>().back() = std::log(static_cast<float>(padding));
        text.key_bias = bias.to(device_);
    }
    workspace.synchronize();
    return text;
}

std::vector<TextContext::Layer> CausalTransformer::prepare_picture(const Tensor& features) const {
    check(attends_picture() && features.shape().rank() == 2 &&
              features.extent(1) == config_.image_dim && features.extent(0) > 0,
          "a picture's features are {}, the model takes rows of {}", features.shape().str(),
          config_.image_dim);
    constexpr double kEps = 1e-5;  // of norms that PyTorch makes by itself
    const Weights::Image& image = weights_->image;
    const int64_t rows = features.extent(0), inner = config_.image_dim, d = config_.width();
    Workspace workspace(device_);
    const auto room = [&](int64_t width, DType type) {
        return Tensor({rows, width}, type, device_);
    };
    Tensor normed = room(inner, compute_), hidden = room(inner, DType::F32);
    Tensor bent = room(inner, compute_), out = room(d, DType::F32), context = room(d, compute_);
    const Tensor given = features.to(DType::F32).to(device_);
    layer_norm(given, image.in_gain, image.in_bias, kEps, normed, workspace.stream());
    image.in(normed, hidden, workspace);
    activate(hidden, Activation::Gelu, bent, workspace.stream());
    image.out(bent, out, workspace);
    layer_norm(out, image.out_gain, image.out_bias, kEps, context, workspace.stream());
    CrossRows cross(config_, context, workspace);
    std::vector<TextContext::Layer> layers;
    for (const Weights::Block& block : weights_->blocks) {
        layers.push_back(cross.through(block.picture.k, block.picture.k_norm, block.picture.v));
    }
    workspace.synchronize();
    return layers;
}

void CausalTransformer::forward(const Tensor& latents, std::span<const double> timesteps,
                                const TextContext& text, AttentionMemory& memory, Tensor& flow,
                                TransformerWorkspace& workspace) const {
    pass(std::array{PassTake{latents, text, memory, &flow}}, timesteps, workspace);
}

void CausalTransformer::remember(const Tensor& latents, std::span<const double> timesteps,
                                 const TextContext& text, AttentionMemory& memory,
                                 TransformerWorkspace& workspace) const {
    pass(std::array{PassTake{latents, text, memory}}, timesteps, workspace);
}

void CausalTransformer::pass(std::span<const PassTake> takes, std::span<const double> timesteps,
                             TransformerWorkspace& workspace) const {
    check(!takes.empty() && takes.size() <= kMostTakes, "a pass of {} takes", takes.size());
    for (const PassTake& take : takes) {
        check_fit(take, timesteps);
        check(take.latents.shape() == takes[0].latents.shape() &&
                  (take.flow == nullptr) == (takes[0].flow == nullptr),
              "takes of different passes");
    }
    Pass(*this, weights_, workspace.state()).run(takes, timesteps);
}

void CausalTransformer::check_fit(const PassTake& take, std::span<const double> timesteps) const {
    const auto& [latents, text, memory, flow] = take;
    const TransformerConfig& c = config_;
    check(latents.shape().rank() == 4 && latents.extent(1) <= c.in_channels &&
              latents.extent(2) % c.patch_height == 0 && latents.extent(3) % c.patch_width == 0,
          "latents {} do not fit {} channels and patches of {} x {}", latents.shape().str(),
          c.in_channels, c.patch_height, c.patch_width);
    const int64_t frames = latents.extent(0);
    check(frames > 0 && static_cast<int64_t>(timesteps.size()) == frames,
          "{} timesteps for {} frames", timesteps.size(), frames);
    check(text.layers.size() == weights_->blocks.size(),
          "the prompt was prepared for a model of {} layers", text.layers.size());
    check(text.picture.size() == (attends_picture() ? weights_->blocks.size() : 0),
          "the picture was prepared for a model of {} layers", text.picture.size());
    check(static_cast<int64_t>(memory.query_positions().size()) == frames,
          "the attention memory expects {} frames, not {}", memory.query_positions().size(),
          frames);
    check(latents.device() == device_, "the latents are not where the model is");
    if (flow != nullptr) {
        check(flow->shape() == latents.shape().with(1, c.out_channels), "flow {} for latents {}",
              flow->shape().str(), latents.shape().str());
        check(flow->device() == device_, "the flow is not where the model is");
    }
}

double CausalTransformer::flops(int64_t tokens, int64_t cached, int64_t rows) const {
    const auto d = static_cast<double>(config_.width()), ffn = static_cast<double>(config_.ffn_dim);
    const auto keys = static_cast<double>(cached + rows);
    const double block = 2 * d * (6 * d + 2 * ffn) + 4 * keys * d;
    const auto edges =
        static_cast<double>(config_.patch_size() * (config_.in_channels + config_.out_channels));
    return static_cast<double>(tokens) *
           (static_cast<double>(config_.layers) * block + 2 * d * edges);
}

}  // namespace longtake::diffusion
