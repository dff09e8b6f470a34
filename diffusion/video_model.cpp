#include "diffusion/video_model.h"

#include "core/error.h"
#include "diffusion/weights/key_map.h"

namespace longtake::diffusion {

namespace fs = std::filesystem;

// Loads part after part and notes what it found.
class VideoModel::Loader {
  public:
    Loader(fs::path folder, DType compute) : compute_(compute) {
        model_->folder_ = std::move(folder);
        check_input(fs::is_directory(model_->folder_), "{}: no such model folder",
                    model_->folder_.string());
    }

    std::shared_ptr<const VideoModel> load() {
        model_->config_ = VideoModelConfig::read(at("scheduler/scheduler_config.json"));
        load_transformer();
        load_autoencoder();
        load_text();
        check_sizes();
        return model_;
    }

  private:
    fs::path at(const char* name) const { return model_->folder_ / name; }

    // The folder of a part that must be there.
    fs::path needed(const char* name) const {
        check_input(fs::is_directory(at(name)),
                    "{}: no {}/ in this folder; a model has transformer/, vae/, text_encoder/ and "
                    "tokenizer/",
                    model_->folder_.string(), name);
        return at(name);
    }

    // Files may keep the names they were published under: a folder's only one counts.
    static fs::path weights_in(const fs::path& folder) {
        const fs::path index = folder / "model.safetensors.index.json";
        if (fs::exists(index)) {
            return index;
        }
        std::vector<fs::path> files;
        for (const auto& entry : fs::directory_iterator(folder)) {
            if (entry.path().extension() == ".safetensors") {
                files.push_back(entry.path());
            }
        }
        return files.size() == 1 ? files[0] : folder;
    }

    void note(const char* name, const WeightMap& weights, DType compute) {
        Part part{.name = name, .path = at(name), .compute = compute, .found = true};
        for (const std::string& tensor : weights.names()) {
            const Tensor t = weights.get(tensor);
            part.parameters += t.count();
            part.bytes += static_cast<int64_t>(t.bytes());
        }
        model_->parts_.push_back(part);
    }

    void load_transformer() {
        const fs::path folder = needed("transformer");
        const auto weights = WeightMap::open(weights_in(folder), diffusers_from_original);
        model_->transformer_ = std::make_shared<CausalTransformer>(
            TransformerConfig::read(folder / "config.json"), weights, compute_);
        note("transformer", weights, compute_);
    }

    void load_autoencoder() {
        const fs::path folder = needed("vae");
        const TaehvConfig config = TaehvConfig::read(folder);
        const auto weights = WeightMap::open(weights_in(folder));
        // Convolutions in bf16 pay only where the machine prefers bf16.
        const DType type = preferred_compute_type() == DType::BF16 ? compute_ : DType::F32;
        model_->decoder_ = std::make_shared<TaehvDecoder>(config, weights, type);
        if (weights.contains("encoder.0.weight")) {
            model_->encoder_ = std::make_shared<TaehvEncoder>(config, weights, type);
        }
        note("vae", weights, type);
    }

    void load_text() {
        if (!fs::is_directory(at("text_encoder"))) {
            model_->parts_.push_back({.name = "text_encoder", .path = at("text_encoder")});
            return;
        }
        const fs::path folder = at("text_encoder");
        const auto weights = WeightMap::open(weights_in(folder), umt5_from_original);
        model_->text_encoder_ = std::make_shared<Umt5Encoder>(
            Umt5Config::read(folder / "config.json"), weights, compute_);
        note("text_encoder", weights, compute_);
        model_->tokenizer_ = std::make_shared<Tokenizer>(
            Tokenizer::load(needed("tokenizer"), model_->transformer_->config().text_len));
    }

    void check_sizes() const {
        const auto& m = *model_;
        const auto& t = m.transformer_->config();
        const int64_t channels = m.decoder_->config().latent_channels;
        check_input(t.out_channels == channels,
                    "{}: the transformer makes {} channels, the autoencoder has {}",
                    m.folder_.string(), t.out_channels, channels);
        const int64_t h = kTaehvScale * t.patch_height, w = kTaehvScale * t.patch_width;
        check_input(m.config_.height % h == 0 && m.config_.width % w == 0,
                    "{}: width {} and height {} must be multiples of {} and {}",
                    at("scheduler/scheduler_config.json").string(), m.config_.width,
                    m.config_.height, w, h);
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
    std::shared_ptr<VideoModel> model_{new VideoModel};
};

std::shared_ptr<const VideoModel> VideoModel::load(const fs::path& folder, DType compute) {
    return Loader(folder, compute).load();
}

const std::shared_ptr<const TaehvEncoder>& VideoModel::encoder_ptr() const {
    check_input(encoder_ != nullptr, "{}: holds no encoder, so nothing can begin with an image",
                (folder_ / "vae").string());
    return encoder_;
}

Tensor VideoModel::encode(std::string_view prompt) const {
    check_input(reads_prompts(),
                "{}: no text_encoder/ in this folder, so prompts cannot be read; add it, or give "
                "--prompt-embeds",
                folder_.string());
    return text_encoder_->encode(tokenizer_->encode(prompt));
}

std::string VideoModel::describe() const {
    std::string out;
    for (const Part& part : parts_) {
        out += part.found
                   ? fmt::format("{:<12} {:.3f} million parameters, {:.1f} MiB, runs in {}\n",
                                 part.name, static_cast<double>(part.parameters) / 1e6,
                                 static_cast<double>(part.bytes) / (1 << 20), name_of(part.compute))
                   : fmt::format("{:<12} missing\n", part.name);
    }
    if (!encoder_) {
        out += fmt::format("{:<12} missing\n", "vae encoder");
    }
    return out;
}

}  // namespace longtake::diffusion
