#include "tools/longtake/model_info.h"

#include "core/error.h"
#include "core/text.h"
#include "diffusion/models/clip_vision.h"
#include "diffusion/video_model.h"
#include "diffusion/weights/lora.h"
#include "diffusion/weights/model_folder.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <string>

namespace longtake::cli {
namespace {

using diffusion::CheckpointKind;
using diffusion::ModelFolder;
using diffusion::WeightMap;

constexpr const char* kLine = "{:<13}{}\n";

// "bf16" or "fp8, fp32", the most frequent first.
std::string types_of(const WeightMap& weights) {
    std::map<DType, int64_t> counts;
    for (const std::string& name : weights.names()) {
        const auto [dtype, shape] = weights.info(name);
        counts[dtype] -= shape.count();
    }
    std::vector<std::pair<int64_t, std::string>> order;
    for (const auto& [dtype, count] : counts) {
        order.emplace_back(count, name_of(dtype));
    }
    std::ranges::sort(order);
    std::vector<std::string> names;
    for (const auto& [count, name] : order) {
        names.push_back(name);
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

// How a model of pictures is told of them.
std::string tracks_of(const std::string& rule) {
    return rule == "ati"        ? "as ATI copies latents"
           : rule == "wan-move" ? "as Wan-Move copies latents"
                                : "not followed; for ATI's or Wan-Move's weights write \"tracks\": "
                                  "\"ati\" or \"wan-move\" into scheduler_config.json";
}

void print_video(const ModelFolder& folder) {
    const auto video = diffusion::VideoModelConfig::of(folder);
    fmt::print(
        kLine, "video",
        fmt::format("{}x{} at {:.6g} frames/s", video.width, video.height, video.frame_rate));
    fmt::print(kLine, "generation",
               fmt::format("steps {}, shift {:.6g}, chunks of {} latent frames, window of {}",
                           fmt::join(video.denoising_steps, " "), video.shift, video.chunk_frames,
                           video.window_frames));
    if (folder.transformer && folder.transformer->attends_picture) {
        fmt::print(kLine, "begins with", "a picture (--image)");
        fmt::print(kLine, "tracks", tracks_of(video.tracks));
    }
}

std::string sizes_of(const ModelFolder::Part& part, const WeightMap& weights) {
    switch (part.kind.part) {
        case CheckpointKind::Part::Transformer: {
            const auto c = diffusion::TransformerConfig::of(weights, part.config);
            return fmt::format("{} layers, {} heads of {}, feed-forward {}, text {} x {}{}{}",
                               c.layers, c.heads, c.head_dim, c.ffn_dim, c.text_len, c.text_dim,
                               c.image_dim > 0 ? ", sees a picture" : "",
                               diffusion::TrackEncoder::is_in(weights) ? ", follows tracks" : "");
        }
        case CheckpointKind::Part::TextEncoder: {
            const auto c = diffusion::Umt5Config::of(weights, part.config);
            return fmt::format("umT5, {} layers, {} heads of {}, vocabulary {}", c.layers, c.heads,
                               c.head_dim, c.vocabulary);
        }
        case CheckpointKind::Part::ImageEncoder: {
            const auto c = diffusion::ClipVisionConfig::of(weights, part.config);
            return fmt::format("CLIP, {} layers, {} heads of {}, pictures of {}", c.layers, c.heads,
                               c.width / c.heads, c.image_size);
        }
        case CheckpointKind::Part::Taehv: {
            const auto c = diffusion::TaehvConfig::of(weights, part.config);
            return fmt::format(
                "TAEHV, {} latent channels, {}", c.latent_channels,
                weights.contains("encoder.0.weight") ? "decoder and encoder" : "decoder only");
        }
        case CheckpointKind::Part::WanVae: {
            const auto c = diffusion::WanVaeConfig::of(weights, part.config);
            return fmt::format("{} latent channels, finest level of {}", c.latent_channels, c.base);
        }
        case CheckpointKind::Part::Depth: return "how far away what a latent shows is";
        default: return "";
    }
}

void print_part(const ModelFolder::Part& part) {
    const WeightMap weights = part.open();
    const bool original = part.kind.names == CheckpointKind::Names::Original;
    fmt::print(kLine, name_of(part.kind.part), sizes_of(part, weights));
    fmt::print(kLine, "",
               fmt::format("{:.3f} million parameters, {:.1f} MiB {}, {} names, {}",
                           static_cast<double>(weights.parameters()) / 1e6,
                           static_cast<double>(weights.bytes()) / (1 << 20), types_of(weights),
                           original ? "original" : "diffusers", weights.format()));
    fmt::print(kLine, "", one_line(part.path.string()));
    if (!part.lora.empty()) {
        fmt::print(kLine, "",
                   fmt::format("with {}, a LoRA of {} matrices", one_line(part.lora.string()),
                               diffusion::Lora::open(part.lora)->targets().size()));
    }
}

}  // namespace

void print_model(const std::filesystem::path& path) {
    const ModelFolder folder = ModelFolder::find(path);
    print_video(folder);
    for (const auto* part : {&folder.transformer, &folder.vae, &folder.text_encoder,
                             &folder.image_encoder, &folder.depth}) {
        if (part->has_value()) {
            print_part(**part);
        }
    }
    if (!folder.tokenizer.empty()) {
        fmt::print(kLine, "tokenizer", one_line((folder.tokenizer / "spiece.model").string()));
    }
    for (const auto& missing : folder.missing()) {
        fmt::print(kLine, "missing", missing.part + ": " + missing.mend);
    }
    for (const auto& part : folder.unused) {
        fmt::print(kLine, "not used",
                   fmt::format("{} ({})", one_line(part.path.string()), name_of(part.kind.part)));
    }
    for (const auto& stranger : folder.unrecognised) {
        fmt::print(kLine, "not used",
                   fmt::format("{} (not a checkpoint of this model)", one_line(stranger.string())));
    }
    for (const std::string& problem : folder.problems) {
        fmt::print(kLine, "broken", problem);
    }
    folder.check_usable();
}

void print_tensors(const std::filesystem::path& path) {
    const auto file = diffusion::TensorFile::open(path);
    int64_t elements = 0;
    const auto names = file->names();
    for (const auto& [key, value] : file->metadata()) {
        fmt::print("{} = {}\n", one_line(key), one_line(value));
    }
    for (const std::string& name : names) {
        const auto info = file->info(name);
        fmt::print("{:<6} {:<24} {}\n", longtake::name_of(info.dtype), info.shape.str(),
                   one_line(name));
        elements += info.shape.count();
    }
    const auto kind = diffusion::recognise({names.begin(), names.end()});
    fmt::print("{} tensors, {:.3f} million elements; {}; {}\n", names.size(),
               static_cast<double>(elements) / 1e6, file->format(),
               kind ? fmt::format(
                          "{}, {} names", name_of(kind->part),
                          kind->names == CheckpointKind::Names::Original ? "original" : "diffusers")
                    : "of a model that Longtake does not know");
}

}  // namespace longtake::cli
