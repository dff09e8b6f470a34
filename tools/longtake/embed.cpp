#include "core/error.h"
#include "core/safetensors.h"
#include "diffusion/models/tokenizer.h"
#include "diffusion/models/transformer_config.h"
#include "diffusion/models/umt5.h"
#include "diffusion/weights/model_folder.h"
#include "generator/stopwatch.h"
#include "tools/longtake/assets_folder.h"
#include "tools/longtake/commands.h"
#include "tools/longtake/device_option.h"
#include "tools/longtake/model_options.h"
#include "tools/longtake/output_path.h"

#include <fmt/format.h>

#include <memory>
#include <string>

namespace longtake::cli {
namespace {

using diffusion::ModelFolder;
using Layers = diffusion::Umt5Encoder::Layers;

struct EmbedOptions {
    ModelOptions model;
    std::string prompt, output;
    bool stream = false;
};

// Tokens that the transformer beside the text encoder reads; without one, as many as Wan's.
int64_t text_len_of(const ModelFolder& folder) {
    return folder.transformer ? diffusion::TransformerConfig::of(folder.transformer->open(),
                                                                 folder.transformer->config)
                                    .text_len
                              : diffusion::TransformerConfig().text_len;
}

void run(const EmbedOptions& o) {
    check_writable("-o", o.output);
    use_threads(o.model);
    const ModelFolder folder = ModelFolder::find(find_model(o.model.model));
    check_input(folder.text_encoder && !folder.tokenizer.empty(),
                "{}: no text encoder with its tokenizer (spiece.model) there",
                folder.path.string());
    const auto tokens =
        diffusion::Tokenizer::load(folder.tokenizer, text_len_of(folder)).encode(o.prompt);
    const Device device = device_of(o.model.device);
    const DType type = precision_of(o.model, device);
    const generator::Stopwatch loading;
    const auto weights = folder.text_encoder->open();
    const diffusion::Umt5Encoder encoder(
        diffusion::Umt5Config::of(weights, folder.text_encoder->config), weights,
        type == DType::F8E4M3 ? DType::BF16 : type, device,
        o.stream ? Layers::Streamed : Layers::Kept);
    const double loaded = loading.milliseconds();
    const generator::Stopwatch reading;
    const Tensor rows = encoder.encode(tokens);
    fmt::print("{} tokens read in {:.0f} ms, after {:.0f} ms of loading\n", tokens.size(),
               reading.milliseconds(), loaded);
    write_safetensors(o.output, {{"prompt_embeds", rows}});
}

}  // namespace

void add_embed(CLI::App& app) {
    auto o = std::make_shared<EmbedOptions>();
    CLI::App* command = app.add_subcommand(
        "embed", "Read a prompt once, for generate --prompt-embeds where the text encoder is not");
    command->add_option("prompt", o->prompt, "What to show")->required();
    command->add_option("-o,--output", o->output, "Safetensors file for its rows")->required();
    add_device_options(*command, o->model);
    command->add_flag("--stream", o->stream, "Read the encoder layer by layer, in little memory");
    command->callback([o] { run(*o); });
}

}  // namespace longtake::cli
