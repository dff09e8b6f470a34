#pragma once

#include "core/tensor.h"
#include "diffusion/flow_match.h"
#include "diffusion/models/autoencoder.h"
#include "diffusion/models/causal_transformer.h"
#include "diffusion/models/clip_vision.h"
#include "diffusion/models/depth_head.h"
#include "diffusion/models/point_rule.h"
#include "diffusion/models/tokenizer.h"
#include "diffusion/models/track_encoder.h"
#include "diffusion/models/umt5.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace longtake::diffusion {

struct ModelFolder;

// How a model is run. scheduler/scheduler_config.json may say otherwise, under these names; the
// defaults are those of Wan2.1-T2V-1.3B distilled by Self Forcing.
struct VideoModelConfig {
    double shift = 5.0;  // of the schedule; also read as "flow_shift"
    std::vector<int> denoising_steps{1000, 750, 500, 250};  // before the shift
    int64_t chunk_frames = 3;                               // latent frames made at once
    int64_t window_frames = 21;                             // latent frames seen in training
    double frame_rate = 16;                                 // of the video
    int64_t width = 832, height = 480;                      // pixels
    // By whose rule a model of pictures is told where points go: "ati", "wan-move" or "none";
    // empty: as its folder is named.
    std::string tracks = {};

    static VideoModelConfig read(const std::filesystem::path& path);
    // As the folder says, by its file or its name.
    static VideoModelConfig of(const ModelFolder& folder);
};

// Everything that turns a prompt into a video, loaded from a folder in any of the layouts that
// ModelFolder knows. Immutable; sessions share it and its parts.
class VideoModel {
  public:
    struct Parts {
        std::filesystem::path folder;  // for messages
        VideoModelConfig config;
        std::shared_ptr<const CausalTransformer> transformer;
        std::shared_ptr<const Autoencoder> autoencoder;
        std::shared_ptr<const Umt5Encoder> text_encoder;  // may be none, with its tokenizer
        std::shared_ptr<const Tokenizer> tokenizer;
        std::shared_ptr<const TrackEncoder> track_encoder;  // none: follows no tracks
        std::shared_ptr<const PointRule> point_rule;        // none: likewise
        std::shared_ptr<const ClipVision> image_encoder;    // none: attends to no picture
        std::shared_ptr<const DepthHead> depth_head;        // may be none
    };
    explicit VideoModel(Parts parts) : parts_(std::move(parts)) {}

    // Needs a transformer and an autoencoder and, for prompts, a text encoder and its
    // tokenizer; how to run it stands in scheduler_config.json. Throws InputError, naming the file
    // and what is wrong with it, or the part that memory does not suffice for. Everything is on
    // `device`. Half of `memory_budget` (bytes; 0: of a GPU what is free, of a CPU no limit) is
    // left to sessions: where the other half does not hold all weights, the text encoder's layers
    // are read anew for every prompt.
    static std::shared_ptr<const VideoModel> load(const std::filesystem::path& folder,
                                                  DType compute, Device device = Device::Cpu,
                                                  size_t memory_budget = 0);

    // The same weights, making other numbers of latent frames at a time than they were trained to.
    // Throws InputError for more than they see, or none.
    std::shared_ptr<const VideoModel> in_chunks_of(int64_t frames) const;
    bool in_own_chunks() const { return in_own_chunks_; }

    const VideoModelConfig& config() const { return parts_.config; }
    const std::filesystem::path& folder() const { return parts_.folder; }  // empty: none
    FlowMatchSchedule schedule() const { return FlowMatchSchedule(config().shift); }
    int64_t latent_height() const { return config().height / kLatentScale; }
    int64_t latent_width() const { return config().width / kLatentScale; }

    const CausalTransformer& transformer() const { return *parts_.transformer; }
    const std::shared_ptr<const CausalTransformer>& transformer_ptr() const {
        return parts_.transformer;
    }
    Device device() const { return transformer().device(); }
    // Null where the model was not trained to follow tracks.
    const TrackEncoder* track_encoder() const { return parts_.track_encoder.get(); }
    // Null where it is not told of points by the channels of its picture.
    const PointRule* point_rule() const { return parts_.point_rule.get(); }
    bool follows_tracks() const { return track_encoder() != nullptr || point_rule() != nullptr; }
    // Null where the folder came without one.
    const std::shared_ptr<const DepthHead>& depth_head() const { return parts_.depth_head; }
    const Autoencoder& autoencoder() const { return *parts_.autoencoder; }
    // Whether it reads a picture's channels beside every latent frame (image-to-video).
    bool reads_image() const;

    // The first frames of a video [4 F - 3, height, width, 3] uint8 -> [F, C, h, w]. Throws
    // InputError when the folder came without an encoder.
    Tensor encode(const Tensor& picture) const;

    // What every layer sees of the picture that a take begins with, [H, W, 3] of 8-bit sRGB; empty
    // where the model attends to none.
    std::vector<TextContext::Layer> look_at(const Tensor& picture) const;

    // The prompt's rows, without padding: [tokens, text_dim] fp32. Throws InputError when the
    // folder came without a text encoder, or the prompt is empty.
    Tensor encode(std::string_view prompt) const;
    bool reads_prompts() const { return parts_.text_encoder != nullptr; }
    bool streams_text_encoder() const { return reads_prompts() && parts_.text_encoder->streamed(); }

  private:
    class Loader;
    Parts parts_;
    bool in_own_chunks_ = true;
};

}  // namespace longtake::diffusion
