#include "diffusion/video_model.h"

#include "core/error.h"
#include "diffusion/weights/model_folder.h"

namespace longtake::diffusion {

namespace fs = std::filesystem;

namespace {

// Of a mask, and a picture's latents.
int64_t image_channels(int64_t latent_channels) {
    return 4 + latent_channels;
}

}  // namespace

// Loads part after part.
class VideoModel::Loader {
  public:
    Loader(const fs::path& path, DType compute, Device device, size_t memory_budget)
        : compute_(compute),
          device_(device),
          memory_budget_(memory_budget > 0 || device == Device::Cpu ? memory_budget
                                                                    : memory_of(device).free),
          from_(ModelFolder::find(path)) {
        from_.check_usable();
        parts_.folder = path;
    }

    std::shared_ptr<const VideoModel> load() {
        parts_.config = VideoModelConfig::of(from_);
        load_transformer();
        load_autoencoder();
        load_image_encoder();
        if (from_.text_encoder) {
            load_text();
        }
        if (from_.depth) {
            parts_.depth_head = std::make_shared<DepthHead>(from_.depth->open());
        }
        check_sizes();
        if (parts_.image_encoder && !parts_.track_encoder) {
            parts_.point_rule = make_point_rule(parts_.config.tracks);
        }
        return std::make_shared<const VideoModel>(std::move(parts_));
    }

  private:
    void load_transformer() {
        const auto weights = from_.transformer->open();
        weight_bytes_ += bytes_of(weights, compute_);
        const auto gib = static_cast<double>(weight_bytes_) / (1 << 30);
        parts_.transformer = within_memory(
            fmt::format("the transformer's weights, {:.1f} GiB in {}", gib, name_of(compute_)),
            device_ == Device::Cuda ? "end other programs on the GPU, or choose --device cpu"
                                    : "end other programs, or choose --precision bf16",
            [&] {
                return std::make_shared<CausalTransformer>(
                    TransformerConfig::of(weights, from_.transformer->config), weights, compute_,
                    device_);
            });
        if (TrackEncoder::is_in(weights)) {
            parts_.track_encoder = std::make_shared<TrackEncoder>(weights);
        }
    }

    void load_autoencoder() {
        const auto weights = from_.vae->open();
        const DType plain = parts_.transformer->compute();
        weight_bytes_ += bytes_of(weights, plain);
        if (from_.vae->kind.part == CheckpointKind::Part::WanVae) {
            parts_.autoencoder =
                make_autoencoder(WanVaeConfig::of(weights, from_.vae->config), weights,
                                 device_ == Device::Cuda ? plain : DType::F32, device_);
            return;
        }
        // Convolutions in bf16 pay only where the machine prefers bf16.
        const DType type = preferred_compute_type(device_) == DType::BF16 ? plain : DType::F32;
        parts_.autoencoder =
            make_autoencoder(TaehvConfig::of(weights, from_.vae->config), weights, type, device_);
    }

    void load_image_encoder() {
        if (!parts_.transformer->attends_picture()) {
            return;
        }
        const auto weights = from_.image_encoder->open();
        const DType plain = parts_.transformer->compute();
        weight_bytes_ += bytes_of(weights, plain);
        parts_.image_encoder = std::make_shared<ClipVision>(
            ClipVisionConfig::of(weights, from_.image_encoder->config), weights, plain, device_);
    }

    void load_text() {
        const auto weights = from_.text_encoder->open();
        const DType plain = parts_.transformer->compute();
        const bool fits =
            memory_budget_ == 0 || weight_bytes_ + bytes_of(weights, plain) <= memory_budget_ / 2;
        parts_.text_encoder = std::make_shared<Umt5Encoder>(
            Umt5Config::of(weights, from_.text_encoder->config), weights, plain, device_,
            fits ? Umt5Encoder::Layers::Kept : Umt5Encoder::Layers::Streamed);
        parts_.tokenizer = std::make_shared<Tokenizer>(
            Tokenizer::load(from_.tokenizer, parts_.transformer->config().text_len));
    }

    void check_sizes() const {
        const Parts& m = parts_;
        const auto& t = m.transformer->config();
        const int64_t channels = m.autoencoder->latent_channels();
        check_input(t.out_channels == channels,
                    "{}: the transformer makes {} channels, the autoencoder has {}",
                    m.folder.string(), t.out_channels, channels);
        const int64_t tracks = m.track_encoder ? m.track_encoder->channels() : 0;
        check_input(!m.track_encoder || t.in_channels == channels + tracks ||
                        t.in_channels == channels + image_channels(channels) + tracks,
                    "{}: the transformer reads {} channels, not {} of latents, {} or none of a "
                    "picture and {} of tracks",
                    m.folder.string(), t.in_channels, channels, image_channels(channels), tracks);
        if (m.image_encoder) {
            const int64_t width = m.image_encoder->config().width;
            check_input(t.image_dim == width,
                        "{}: the transformer reads a picture's features of {}, the image encoder "
                        "makes {}",
                        m.folder.string(), t.image_dim, width);
        }
        const int64_t pictured = channels + image_channels(channels);
        check_input(!m.image_encoder || m.track_encoder || t.in_channels == pictured,
                    "{}: a transformer that attends to a picture and reads {} channels, not {}",
                    m.folder.string(), t.in_channels, pictured);
        const int64_t h = kLatentScale * t.patch_height, w = kLatentScale * t.patch_width;
        check_input(m.config.height % h == 0 && m.config.width % w == 0,
                    "{}: width {} and height {} must be multiples of {} and {}",
                    (from_.scheduler.empty() ? m.folder : from_.scheduler).string(), m.config.width,
                    m.config.height, w, h);
        if (m.text_encoder) {
            const auto& text = m.text_encoder->config();
            check_input(t.text_dim == text.width,
                        "{}: the transformer reads text of width {}, the text encoder makes {}",
                        m.folder.string(), t.text_dim, text.width);
            check_input(m.tokenizer->vocabulary() <= text.vocabulary,
                        "{}: the tokenizer has {} pieces, the text encoder knows {}",
                        m.folder.string(), m.tokenizer->vocabulary(), text.vocabulary);
        }
    }

    static size_t bytes_of(const WeightMap& weights, DType type) {
        return static_cast<size_t>(weights.parameters()) * size_of(type);
    }

    DType compute_;
    Device device_;
    size_t memory_budget_;     // bytes, 0: no limit
    size_t weight_bytes_ = 0;  // of the parts there are
    ModelFolder from_;
    Parts parts_;
};

std::shared_ptr<const VideoModel> VideoModel::load(const fs::path& folder, DType compute,
                                                   Device device, size_t memory_budget) {
    return Loader(folder, compute, device, memory_budget).load();
}

std::shared_ptr<const VideoModel> VideoModel::in_chunks_of(int64_t frames) const {
    check_input(frames > 0 && frames <= config().window_frames,
                "chunks of {} latent frames: the model sees {} at once; choose 1 to {}", frames,
                config().window_frames, config().window_frames);
    auto other = std::make_shared<VideoModel>(*this);
    other->in_own_chunks_ = in_own_chunks_ && frames == config().chunk_frames;
    other->parts_.config.chunk_frames = frames;
    return other;
}

bool VideoModel::reads_image() const {
    const auto& t = transformer().config();
    const int64_t tracks = parts_.track_encoder ? parts_.track_encoder->channels() : 0;
    return t.in_channels == t.out_channels + image_channels(t.out_channels) + tracks;
}

Tensor VideoModel::encode(const Tensor& picture) const {
    check_input(parts_.autoencoder->encodes(),
                "{}: its vae has no encoder, so nothing can begin with an image",
                parts_.folder.string());
    return parts_.autoencoder->encode(picture);
}

std::vector<TextContext::Layer> VideoModel::look_at(const Tensor& picture) const {
    return parts_.image_encoder
               ? transformer().prepare_picture(parts_.image_encoder->encode(picture))
               : std::vector<TextContext::Layer>();
}

Tensor VideoModel::encode(std::string_view prompt) const {
    check_input(reads_prompts(),
                "{}: no text encoder there, so prompts cannot be read; add it, or give "
                "--prompt-embeds",
                parts_.folder.string());
    return parts_.text_encoder->encode(parts_.tokenizer->encode(prompt));
}

}  // namespace longtake::diffusion
