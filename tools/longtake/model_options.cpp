#include "tools/longtake/model_options.h"

#include "core/error.h"
#include "diffusion/ops/linear.h"
#include "generator/cache/policy.h"
#include "tools/longtake/assets_folder.h"

#include <fmt/ranges.h>
#include <omp.h>

namespace longtake::cli {

void add_model_options(CLI::App& command, ModelOptions& options) {
    command.add_option("--model", options.model, "Model folder (default: the bundled one)");
    command
        .add_option("--cache", options.cache,
                    fmt::format("What the model remembers: {}; options as NAME:key=value,...",
                                fmt::join(generator::cache_policy_names(), ", ")))
        ->capture_default_str();
    command
        .add_option("--steps", options.steps,
                    "Denoising steps, falling, such as 1000,500 (default: the model's)")
        ->delimiter(',');
    command.add_option("--precision", options.precision, "bf16, fp32 or auto")
        ->check(CLI::IsMember({"bf16", "fp32", "auto"}))
        ->capture_default_str();
    command.add_option("--threads", options.threads, "Threads (default: all)")
        ->check(CLI::Range(1, 1024));
}

std::shared_ptr<const diffusion::VideoModel> load_model(const ModelOptions& options) {
    if (options.threads > 0) {
        omp_set_num_threads(options.threads);
    }
    const DType compute = options.precision == "bf16"   ? DType::BF16
                          : options.precision == "fp32" ? DType::F32
                                                        : diffusion::preferred_compute_type();
    return diffusion::VideoModel::load(find_model(options.model), compute);
}

}  // namespace longtake::cli
