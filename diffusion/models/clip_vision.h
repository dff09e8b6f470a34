#pragma once

#include "core/tensor.h"
#include "diffusion/ops/activation.h"
#include "diffusion/ops/linear.h"
#include "diffusion/weights/weight_map.h"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace longtake::diffusion {

// The sizes of CLIP's vision transformer, named in config.json as transformers does. The defaults
// are those of the ViT-H/14 that Wan2.1-I2V comes with.
struct ClipVisionConfig {
    int64_t image_size = 224;
    int64_t patch_size = 14;
    int64_t width = 1280;  // hidden_size
    int64_t heads = 16;
    int64_t ffn_dim = 5120;  // intermediate_size
    int64_t layers = 32;
    Activation activation = Activation::Gelu;  // hidden_act
    double eps = 1e-5;

    int64_t side() const { return image_size / patch_size; }  // patches
    int64_t rows() const { return side() * side() + 1; }

    // What the file does not say is as in `start`. Throws InputError, naming file and key, when the
    // file is not such a configuration.
    static ClipVisionConfig read(const std::filesystem::path& path, ClipVisionConfig start);
    // Of a checkpoint: sizes from the shapes of its tensors, the rest from its config.json, where
    // there is one. Throws InputError when the two do not agree.
    static ClipVisionConfig of(const WeightMap& weights, const std::filesystem::path& config);
};

// Describes a picture to a transformer: what CLIP's last layer but one makes of it. Immutable;
// sessions share it.
class ClipVision {
  public:
    // `compute` (F32 or BF16) is the type of the weights and of what they multiply.
    ClipVision(const ClipVisionConfig& config, const WeightMap& weights, DType compute,
               Device device = Device::Cpu);

    // picture [H, W, 3] of 8-bit sRGB -> features [rows, width] fp32 in host memory.
    Tensor encode(const Tensor& picture) const;

    const ClipVisionConfig& config() const { return config_; }

  private:
    struct Norm {
        Tensor gain, bias;  // [width] fp32
    };
    struct Layer {
        Norm attention_norm, ffn_norm;
        Linear q, k, v, out, up, down;
    };
    class Pass;

    ClipVisionConfig config_;
    DType compute_;
    Device device_;
    Linear patch_;
    Tensor places_;  // [rows, width] fp32; the first with the embedding of the whole picture
    Norm first_norm_;
    std::vector<Layer> layers_;  // all but the last
};

// The picture as CLIP sees it: [1, 3, size, size] fp32, squeezed to a square by cubic
// interpolation between pixels (Keys' with a = -0.75, as PyTorch's), then normed by CLIP's means
// and deviations.
Tensor clip_pixels(const Tensor& picture, int64_t size);

}  // namespace longtake::diffusion
