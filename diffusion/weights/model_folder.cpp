#include "diffusion/weights/model_folder.h"

#include "core/error.h"
#include "core/file.h"
#include "diffusion/weights/lora.h"
#include "diffusion/weights/model_files.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>

namespace longtake::diffusion {
namespace {

namespace fs = std::filesystem;
using Kind = CheckpointKind;

std::string text_of(const nlohmann::json& config, const char* key) {
    return config.contains(key) && config[key].is_string() ? config[key].get<std::string>() : "";
}

// Whether the class that a config.json names, if any, is one of another part's.
bool is_foreign(const std::string& class_name, Kind::Part part) {
    const auto has = [&](const char* word) { return class_name.find(word) != std::string::npos; };
    switch (part) {
        case Kind::Part::Transformer: return has("Autoencoder") || has("T5") || has("CLIP");
        case Kind::Part::TextEncoder: return has("Autoencoder") || has("Wan") || has("CLIP");
        default: return has("T5") || (has("Wan") && !has("Autoencoder"));
    }
}

// The config.json beside a checkpoint, unless it belongs to another part.
fs::path config_beside(const fs::path& checkpoint, Kind::Part part) {
    const fs::path path = checkpoint.parent_path() / "config.json";
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored)) {
        return {};
    }
    const auto config = nlohmann::json::parse(read_text(path), nullptr, false);
    return config.is_object() && is_foreign(text_of(config, "_class_name"), part) ? fs::path()
                                                                                  : path;
}

// CLIP's original keeps queries, keys and values in one matrix and its embeddings as a batch of
// one; transformers has them one by one and without.
void arrange_clip(WeightMap& weights) {
    constexpr std::string_view kTogether = "qkv_proj.";
    weights.drop_leading("embeddings.class_embedding", 1);
    weights.drop_leading("embeddings.position_embedding.weight", 2);
    for (const std::string& name : weights.names()) {
        if (const size_t at = name.find(kTogether); at != name.npos) {
            const auto part = [&](const char* of) {
                return std::string(name).replace(at, kTogether.size(), of);
            };
            weights.split(name, std::array{part("q_proj."), part("k_proj."), part("v_proj.")});
        }
    }
}

// Whether these are of a transformer that attends to a picture's features.
bool attend_picture(const std::vector<std::string>& names) {
    return std::ranges::any_of(names, [](const std::string& name) {
        return known_name(Kind::Part::Transformer, name) ==
               "condition_embedder.image_embedder.norm1.weight";
    });
}

// A folder in diffusers' layout comes with a schedule for the base model's many steps; only a
// flow-matching one is for us.
bool is_flow_matching(const fs::path& scheduler) {
    const auto config = nlohmann::json::parse(read_text(scheduler), nullptr, false);
    const std::string name = config.is_object() ? text_of(config, "_class_name") : "";
    return name.empty() || name == "FlowMatchEulerDiscreteScheduler";
}

struct Candidate {
    ModelFolder::Part part;
    std::string format;
};

// What counts before what, of the same kind.
int rank(const Candidate& c) {
    return c.format.find("generator") != std::string::npos ? 0
           : c.part.kind.names == Kind::Names::Diffusers   ? 1
                                                           : 2;
}

// Sorts what was found into the parts of the model.
class Choice {
  public:
    Choice(ModelFolder& folder, std::vector<Candidate> candidates)
        : folder_(folder), candidates_(std::move(candidates)) {
        std::ranges::stable_sort(candidates_, {}, rank);
    }

    void run() {
        folder_.text_encoder = take(Kind::Part::TextEncoder);
        folder_.image_encoder = take(Kind::Part::ImageEncoder);
        folder_.vae = take(Kind::Part::Taehv);  // many times as fast, where there are both
        if (!folder_.vae) {
            folder_.vae = take(Kind::Part::WanVae);
        }
        folder_.depth = take(Kind::Part::Depth);
        take_transformer();
        for (const Candidate& left : candidates_) {
            folder_.unused.push_back(left.part);
        }
    }

  private:
    auto find(Kind::Part part) {
        return std::ranges::find_if(candidates_,
                                    [&](const Candidate& c) { return c.part.kind.part == part; });
    }

    std::optional<ModelFolder::Part> take(Kind::Part part) {
        const auto found = find(part);
        if (found == candidates_.end()) {
            return std::nullopt;
        }
        const ModelFolder::Part taken = found->part;
        candidates_.erase(found);
        return taken;
    }

    void take_transformer() {
        const auto best = find(Kind::Part::Transformer);
        if (best == candidates_.end()) {
            return;
        }
        const int best_rank = rank(*best);
        folder_.transformer = take(Kind::Part::Transformer);
        ModelFolder::Part& chosen = *folder_.transformer;
        const auto next = find(Kind::Part::Transformer);
        if (next != candidates_.end()) {
            if (rank(*next) == best_rank) {
                folder_.problems.push_back(fmt::format(
                    "{}: two transformers, {} and {}; keep one of them there",
                    folder_.path.string(), chosen.path.string(), next->part.path.string()));
            }
            if (chosen.config.empty()) {  // the base model's holds for what was made of it
                chosen.config = next->part.config;
            }
        }
        if (const auto lora = take(Kind::Part::Lora)) {
            chosen.lora = lora->path;
            if (find(Kind::Part::Lora) != candidates_.end()) {
                folder_.problems.push_back(
                    fmt::format("{}: more than one LoRA; keep one of them "
                                "there",
                                folder_.path.string()));
            }
        }
    }

    ModelFolder& folder_;
    std::vector<Candidate> candidates_;
};

}  // namespace

WeightMap ModelFolder::Part::open() const {
    WeightMap weights = WeightMap::open(
        path, [this](const std::string& name) { return known_name(kind.part, name); });
    if (kind.part == Kind::Part::ImageEncoder) {
        arrange_clip(weights);
    }
    if (!lora.empty()) {
        weights.merge(Lora::open(lora));
    }
    return weights;
}

ModelFolder ModelFolder::find(const fs::path& path) {
    std::error_code ignored;
    check_input(fs::exists(path, ignored), "{}: no such model folder", path.string());
    ModelFiles files;
    if (fs::is_directory(path, ignored)) {
        files = ModelFiles::list(path);
    } else {
        files.checkpoints.push_back(path);
    }
    ModelFolder folder;
    folder.path = path;
    folder.problems = files.problems;
    std::vector<Candidate> candidates;
    for (const fs::path& checkpoint : files.checkpoints) {
        try {
            const WeightMap weights = WeightMap::open(checkpoint);
            const auto names = weights.names();
            if (const auto kind = recognise({names.begin(), names.end()})) {
                candidates.push_back(
                    {{*kind,
                      checkpoint,
                      config_beside(checkpoint, kind->part),
                      {},
                      kind->part == Kind::Part::Transformer && attend_picture(names)},
                     weights.format()});
            } else {
                folder.unrecognised.push_back(checkpoint);
            }
        } catch (const InputError& e) {
            folder.problems.emplace_back(e.what());
        }
    }
    Choice(folder, std::move(candidates)).run();
    if (!files.tokenizers.empty()) {
        folder.tokenizer = files.tokenizers.front();
    }
    const auto scheduler = std::ranges::find_if(files.schedulers, is_flow_matching);
    if (scheduler != files.schedulers.end()) {
        folder.scheduler = *scheduler;
    }
    return folder;
}

std::string ModelFolder::named_rule() const {
    if (!transformer || !transformer->attends_picture) {
        return "";
    }
    std::error_code ignored;
    std::string name = "-";  // words between dashes
    for (const fs::path& part :
         {fs::canonical(path, ignored).filename(), transformer->path.lexically_relative(path)}) {
        for (const char c : part.string() + "-") {
            const bool letter = std::isalnum(static_cast<unsigned char>(c)) != 0;
            name += letter ? static_cast<char>(std::tolower(static_cast<unsigned char>(c))) : '-';
        }
    }
    const auto says = [&](const char* words) { return name.find(words) != name.npos; };
    return says("-ati-") ? "ati" : says("wan-move") || says("wanmove") ? "wan-move" : "";
}

std::vector<ModelFolder::Part> ModelFolder::parts() const {
    std::vector<Part> all;
    for (const auto* part : {&transformer, &vae, &text_encoder, &image_encoder, &depth}) {
        if (part->has_value()) {
            all.push_back(**part);
        }
    }
    all.insert(all.end(), unused.begin(), unused.end());
    return all;
}

std::vector<ModelFolder::Missing> ModelFolder::missing() const {
    std::vector<Missing> missing;
    if (!transformer) {
        missing.push_back({"transformer",
                           "add self_forcing_dmd.pt (of gdhe17/Self-Forcing), another causal "
                           "Wan2.1-T2V-1.3B, or a diffusers folder transformer/"});
    }
    if (transformer && transformer->attends_picture && !image_encoder) {
        missing.push_back({"image encoder",
                           "add models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth (of "
                           "Wan-AI/Wan2.1-I2V-14B-480P), or a diffusers folder image_encoder/"});
    }
    if (!vae) {
        missing.push_back({"vae",
                           "add taew2_1.safetensors or taew2_1.pth (of madebyollin/taehv), or "
                           "Wan2.1_VAE.pth (of Wan-AI/Wan2.1-T2V-1.3B)"});
    }
    if (!text_encoder) {
        missing.push_back(
            {"text encoder",
             "add models_t5_umt5-xxl-enc-bf16.pth (of Wan-AI/Wan2.1-T2V-1.3B), or give "
             "--prompt-embeds",
             false});
    }
    if (tokenizer.empty()) {
        missing.push_back({"tokenizer",
                           "add google/umt5-xxl/spiece.model (of Wan-AI/Wan2.1-T2V-1.3B); "
                           "tokenizer.json alone is not enough",
                           text_encoder.has_value()});
    }
    return missing;
}

void ModelFolder::check_usable() const {
    if (!problems.empty()) {
        throw InputError(problems.front());
    }
    for (const Missing& m : missing()) {
        check_input(!m.needed, "{}: no {} there; {}", path.string(), m.part, m.mend);
    }
}

}  // namespace longtake::diffusion
