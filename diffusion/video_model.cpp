#include "diffusion/video_model.h"

#include "core/error.h"
#include "diffusion/weights/model_folder.h"

namespace longtake::diffusion {

namespace fs = std::filesystem;

// Loads part after part.
class VideoModel::Loader {
  public:
    Loader(const fs::path& path, DType compute)
        : compute_(compute), from_(ModelFolder::find(path)) {
        from_.check_usable();
        model_->folder_ = path;
    }

    std::shared_ptr<const VideoModel> load() {
        model_->config_ = VideoModelConfig::read(from_.scheduler);
        load_transformer();
        load_autoencoder();
        if (from_.text_encoder) {
            load_text();
        }
        check_sizes();
        return model_;
    }

  private:
    void load_transformer() {
        const auto weights = from_.transformer->open();
        model_->transformer_ = std::make_shared<CausalTransformer>(
            TransformerConfig::of(weights, from_.transformer->config), weights, compute_);
    }

    void load_autoencoder() {
        const auto weights = from_.vae->open();
        if (from_.vae->kind.part == CheckpointKind::Part::WanVae) {
            model_->autoencoder_ =
                make_autoencoder(WanVaeConfig::of(weights, from_.vae->config), weights);
            return;
        }
        // Convolutions in bf16 pay only where the machine prefers bf16.
        const DType type = preferred_compute_type() == DType::BF16 ? compute_ : DType::F32;
        model_->autoencoder_ =
            make_autoencoder(TaehvConfig::of(weights, from_.vae->config), weights, type);
    }

    void load_text() {
        const auto weights = from_.text_encoder->open();
        model_->text_encoder_ = std::make_shared<Umt5Encoder>(
            Umt5Config::of(weights, from_.text_encoder->config), weights, compute_);
        model_->tokenizer_ = std::make_shared<Tokenizer>(
            Tokenizer::load(from_.tokenizer, model_->transformer_->config().text_len));
    }

    void check_sizes() const {
        const auto& m = *model_;
        const auto& t = m.transformer_->config();
        const int64_t channels = m.autoencoder_->latent_channels();
        check_input(t.out_channels == channels,
                    "{}: the transformer makes {} channels, the autoencoder has {}",
                    m.folder_.string(), t.out_channels, channels);
        const int64_t h = kLatentScale * t.patch_height, w = kLatentScale * t.patch_width;
        check_input(m.config_.height % h == 0 && m.config_.width % w == 0,
                    "{}: width {} and height {} must be multiples of {} and {}",
                    (from_.scheduler.empty() ? m.folder_ : from_.scheduler).string(),
                    m.config_.width, m.config_.height, w, h);
        if (m.text_encoder_) {
            const auto& text = m.text_encoder_->config();
            check_input(t.text_dim == text.width,
                        "{}: the transformer reads text of width {}, the text encoder makes {}",
                        m.folder_.string(), t.text_dim, text.width);
            check_input(m.tokenizer_->vocabulary() <= text.vocabulary,
                        "{}: the tokenizer has {} pieces, the text encoder knows {}",
                        m.folder_.string(), m.tokenizer_->vocabulary(), text.vocabulary);
        }
    }

    DType compute_;
    ModelFolder from_;
    std::shared_ptr<VideoModel> model_{new VideoModel};
};

std::shared_ptr<const VideoModel> VideoModel::load(const fs::path& folder, DType compute) {
    return Loader(folder, compute).load();
}

Tensor VideoModel::encode(const Tensor& picture) const {
    check_input(autoencoder_->encodes(),
                "{}: its vae has no encoder, so nothing can begin with an image", folder_.string());
    return autoencoder_->encode(picture);
}

Tensor VideoModel::encode(std::string_view prompt) const {
    check_input(reads_prompts(),
                "{}: no text encoder there, so prompts cannot be read; add it, or give "
                "--prompt-embeds",
                folder_.string());
    return text_encoder_->encode(tokenizer_->encode(prompt));
}

}  // namespace longtake::diffusion
