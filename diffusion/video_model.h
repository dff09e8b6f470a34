#pragma once

#include "core/tensor.h"
#include "diffusion/flow_match.h"
#include "diffusion/models/autoencoder.h"
#include "diffusion/models/causal_transformer.h"
#include "diffusion/models/tokenizer.h"
#include "diffusion/models/umt5.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

namespace longtake::diffusion {

// How a model is run. scheduler/scheduler_config.json may say otherwise, under these names; the
// defaults are those of Wan2.1-T2V-1.3B distilled by Self Forcing.
struct VideoModelConfig {
    double shift = 5.0;  // of the schedule; also read as "flow_shift"
    std::vector<int> denoising_steps{1000, 750, 500, 250};  // before the shift
    int64_t chunk_frames = 3;                               // latent frames made at once
    int64_t window_frames = 21;                             // latent frames seen in training
    double frame_rate = 16;                                 // of the video
    int64_t width = 832, height = 480;                      // pixels

    static VideoModelConfig read(const std::filesystem::path& path);
};

// Everything that turns a prompt into a video, loaded from a folder in any of the layouts that
// ModelFolder knows. Immutable; sessions share it and its parts.
class VideoModel {
  public:
    // Needs a transformer and an autoencoder and, for prompts, a text encoder and its
    // tokenizer; how to run it stands in scheduler_config.json. Throws InputError, naming the file
    // and what is wrong with it.
    static std::shared_ptr<const VideoModel> load(const std::filesystem::path& folder,
                                                  DType compute);

    const VideoModelConfig& config() const { return config_; }
    FlowMatchSchedule schedule() const { return FlowMatchSchedule(config_.shift); }
    int64_t latent_height() const { return config_.height / kLatentScale; }
    int64_t latent_width() const { return config_.width / kLatentScale; }

    const CausalTransformer& transformer() const { return *transformer_; }
    const std::shared_ptr<const CausalTransformer>& transformer_ptr() const { return transformer_; }
    const Autoencoder& autoencoder() const { return *autoencoder_; }

    // picture [1, height, width, 3] uint8 -> [1, C, h, w]. Throws InputError when the folder came
    // without an encoder.
    Tensor encode(const Tensor& picture) const;

    // The prompt's rows, without padding: [tokens, text_dim] fp32. Throws InputError when the
    // folder came without a text encoder, or the prompt is empty.
    Tensor encode(std::string_view prompt) const;
    bool reads_prompts() const { return text_encoder_ != nullptr; }

  private:
    class Loader;
    VideoModel() = default;

    std::filesystem::path folder_;
    VideoModelConfig config_;
    std::shared_ptr<const CausalTransformer> transformer_;
    std::shared_ptr<const Autoencoder> autoencoder_;
    std::shared_ptr<const Umt5Encoder> text_encoder_;
    std::shared_ptr<const Tokenizer> tokenizer_;
};

}  // namespace longtake::diffusion
