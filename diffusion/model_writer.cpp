#include "diffusion/model_writer.h"

#include "core/atomic_folder.h"
#include "core/error.h"
#include "core/file.h"
#include "diffusion/models/clip_vision.h"
#include "diffusion/models/taehv_config.h"
#include "diffusion/models/transformer_config.h"
#include "diffusion/models/umt5.h"
#include "diffusion/models/wan_vae.h"
#include "diffusion/video_model.h"

#include <nlohmann/json.hpp>

namespace longtake::diffusion {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

ordered_json json_of(const TransformerConfig& c) {
    ordered_json json{{"_class_name", "WanTransformer3DModel"},
                      {"num_attention_heads", c.heads},
                      {"attention_head_dim", c.head_dim},
                      {"in_channels", c.in_channels},
                      {"out_channels", c.out_channels},
                      {"text_dim", c.text_dim},
                      {"text_len", c.text_len},
                      {"freq_dim", c.freq_dim},
                      {"ffn_dim", c.ffn_dim},
                      {"num_layers", c.layers},
                      {"patch_size", {1, c.patch_height, c.patch_width}},
                      {"cross_attn_norm", true},
                      {"qk_norm", "rms_norm_across_heads"},
                      {"eps", c.eps}};
    if (c.image_dim > 0) {
        json["image_dim"] = c.image_dim;
        json["added_kv_proj_dim"] = c.width();
    }
    return json;
}

ordered_json json_of(const TaehvConfig& c) {
    ordered_json json{{"_class_name", "AutoencoderTAEHV"},
                      {"latent_channels", c.latent_channels},
                      {"decoder_channels", c.decoder_channels},
                      {"encoder_channels", c.encoder_channels}};
    if (!c.latents_mean.empty()) {
        json["latents_mean"] = c.latents_mean;
        json["latents_std"] = c.latents_std;
    }
    return json;
}

ordered_json json_of(const WanVaeConfig& c) {
    return {{"_class_name", "AutoencoderKLWan"},
            {"base_dim", c.base},
            {"z_dim", c.latent_channels},
            {"dim_mult", {1, 2, 4, 4}},
            {"num_res_blocks", 2},
            {"temperal_downsample", {false, true, true}},
            {"latents_mean", c.latents_mean},
            {"latents_std", c.latents_std}};
}

ordered_json json_of(const Umt5Config& c) {
    return {{"_class_name", "UMT5EncoderModel"},
            {"architectures", {"UMT5EncoderModel"}},
            {"model_type", "umt5"},
            {"vocab_size", c.vocabulary},
            {"d_model", c.width},
            {"num_heads", c.heads},
            {"d_kv", c.head_dim},
            {"d_ff", c.ffn_dim},
            {"num_layers", c.layers},
            {"relative_attention_num_buckets", c.buckets},
            {"relative_attention_max_distance", c.max_distance},
            {"layer_norm_epsilon", c.eps},
            {"feed_forward_proj", "gated-gelu"}};
}

ordered_json json_of(const ClipVisionConfig& c) {
    return {{"architectures", {"CLIPVisionModel"}},
            {"model_type", "clip_vision_model"},
            {"num_channels", 3},
            {"image_size", c.image_size},
            {"patch_size", c.patch_size},
            {"hidden_size", c.width},
            {"num_attention_heads", c.heads},
            {"intermediate_size", c.ffn_dim},
            {"num_hidden_layers", c.layers},
            {"hidden_act", c.activation == Activation::Gelu ? "gelu" : "quick_gelu"},
            {"layer_norm_eps", c.eps}};
}

ordered_json json_of(const VideoModelConfig& c) {
    ordered_json json{{"_class_name", "FlowMatchEulerDiscreteScheduler"},
                      {"num_train_timesteps", 1000},
                      {"shift", c.shift},
                      {"denoising_steps", c.denoising_steps},
                      {"chunk_frames", c.chunk_frames},
                      {"window_frames", c.window_frames},
                      {"frame_rate", c.frame_rate},
                      {"width", c.width},
                      {"height", c.height}};
    if (!c.tracks.empty()) {
        json["tracks"] = c.tracks;
    }
    return json;
}

void write_json(const fs::path& path, const ordered_json& json) {
    AtomicFile file(path);
    file.write(json.dump(2) + "\n");
    file.commit();
}

template <typename Config>
void write_part(const ModelFolder::Part& part, const fs::path& folder, const char* name,
                const CheckpointFormat& format) {
    fs::create_directory(folder);
    const WeightMap weights = part.open();
    write_json(folder / "config.json", json_of(Config::of(weights, part.config)));
    write_checkpoint(weights, folder / name, format);
}

void write_tokenizer(const fs::path& from, const fs::path& folder) {
    fs::create_directory(folder);
    for (const char* name : {"spiece.model", "tokenizer_config.json"}) {
        if (fs::exists(from / name)) {
            fs::copy_file(from / name, folder / name);
        }
    }
}

}  // namespace

void write_model(const ModelFolder& model, const fs::path& path, const CheckpointFormat& format) {
    model.check_usable();
    AtomicFolder whole(path);
    const fs::path& folder = whole.path();
    constexpr const char* kWeights = "diffusion_pytorch_model.safetensors";
    write_part<TransformerConfig>(*model.transformer, folder / "transformer", kWeights, format);
    const bool tiny = model.vae->kind.part == CheckpointKind::Part::Taehv;
    (tiny ? write_part<TaehvConfig> : write_part<WanVaeConfig>)(*model.vae, folder / "vae",
                                                                kWeights, format);
    ordered_json index{{"_class_name", "WanPipeline"},
                       {"transformer", {"diffusers", "WanTransformer3DModel"}},
                       {"vae", {"diffusers", tiny ? "AutoencoderTAEHV" : "AutoencoderKLWan"}},
                       {"scheduler", {"diffusers", "FlowMatchEulerDiscreteScheduler"}}};
    if (model.text_encoder) {
        write_part<Umt5Config>(*model.text_encoder, folder / "text_encoder", "model.safetensors",
                               format);
        write_tokenizer(model.tokenizer, folder / "tokenizer");
        index["text_encoder"] = {"transformers", "UMT5EncoderModel"};
        index["tokenizer"] = {"transformers", "T5Tokenizer"};
    }
    if (model.image_encoder) {
        write_part<ClipVisionConfig>(*model.image_encoder, folder / "image_encoder",
                                     "model.safetensors", format);
        index["image_encoder"] = {"transformers", "CLIPVisionModel"};
    }
    if (model.transformer->attends_picture) {
        index["_class_name"] = "WanImageToVideoPipeline";
    }
    fs::create_directory(folder / "scheduler");
    write_json(folder / "scheduler/scheduler_config.json", json_of(VideoModelConfig::of(model)));
    write_json(folder / "model_index.json", index);
    whole.commit();
}

}  // namespace longtake::diffusion
