#include "tools/longtake/model_options.h"

#include "core/error.h"
#include "diffusion/ops/linear.h"
#include "generator/cache/policy.h"
#include "tools/longtake/assets_folder.h"
#include "tools/longtake/device_option.h"

#include <fmt/ranges.h>
#include <omp.h>

namespace longtake::cli {

void add_device_options(CLI::App& command, ModelOptions& options) {
    command.add_option("--model", options.model, "Model folder (default: the bundled one)");
    add_device_option(command, options.device);
    command
        .add_option("--precision", options.precision, "bf16, fp32, fp8 (on a Hopper GPU) or auto")
        ->check(CLI::IsMember({"bf16", "fp32", "fp8", "auto"}))
        ->capture_default_str();
    command.add_option("--threads", options.threads, "Threads (default: all)")
        ->check(CLI::Range(1, 1024));
}

void add_model_options(CLI::App& command, ModelOptions& options) {
    add_device_options(command, options);
    command
        .add_option("--cache", options.cache,
                    fmt::format("What the model remembers: {}; options as NAME:key=value,...",
                                fmt::join(generator::cache_policy_names(), ", ")))
        ->capture_default_str();
    command
        .add_option("--steps", options.steps,
                    "Denoising steps, falling, such as 1000,500 (default: the model's)")
        ->delimiter(',');
    command
        .add_option(
            "--chunk", options.chunk,
            "Latent frames, of four pictures each, that are made at a time (default: as many "
            "as the model was trained to): 1 answers soonest")
        ->check(CLI::Range(1, 1024));
    command
        .add_option("--memory-budget", options.memory_budget,
                    "GiB that weights and session may take; a text encoder that is too large for "
                    "it is read layer by layer (default: what there is)")
        ->check(CLI::Range(0.1, 1e4));
}

DType precision_of(const ModelOptions& options, Device device) {
    return options.precision == "bf16"   ? DType::BF16
           : options.precision == "fp32" ? DType::F32
           : options.precision == "fp8"  ? DType::F8E4M3
                                         : diffusion::preferred_compute_type(device);
}

void use_threads(const ModelOptions& options) {
    if (options.threads > 0) {
        omp_set_num_threads(options.threads);
    }
}

std::shared_ptr<const diffusion::VideoModel> load_model(const ModelOptions& options) {
    use_threads(options);
    const Device device = device_of(options.device);
    const auto model =
        within_memory("the model", "end other programs, or choose --device cpu", [&] {
            return diffusion::VideoModel::load(
                find_model(options.model), precision_of(options, device), device,
                static_cast<size_t>(options.memory_budget * (1 << 30)));
        });
    return options.chunk == 0 ? model : model->in_chunks_of(options.chunk);
}

}  // namespace longtake::cli
