#include "core/error.h"
#include "core/progress.h"
#include "generator/drift_calibration.h"
#include "generator/head_calibration.h"
#include "tools/longtake/commands.h"
#include "tools/longtake/interrupt.h"
#include "tools/longtake/model_options.h"
#include "tools/longtake/output_path.h"
#include "tools/longtake/prompt_lines.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>

namespace longtake::cli {
namespace {

namespace fs = std::filesystem;

struct CalibrateOptions {
    ModelOptions model;
    std::string prompts, output, drift;
};

constexpr int64_t kStillSeeds = 6;  // takes of a prompt for drift.json

constexpr const char* kPrompts[] = {
    "a red ball rolls right on green grass by day, the camera follows",
    "a blue cube spins on white snow at night, the camera is static",
    "a yellow ball bounces on violet tiles at sunset, the camera orbits left",
    "a purple cone rests on gray stone on a cloudy day, the camera dollies in",
};

void run(const CalibrateOptions& o) {
    check_writable("--output", o.output);
    const std::vector<std::string> prompts =
        o.prompts.empty() ? std::vector<std::string>(std::begin(kPrompts), std::end(kPrompts))
                          : read_prompt_lines(o.prompts);
    const auto model = load_model(o.model);
    const std::string path =
        o.output.empty() ? (model->folder() / generator::kHeadMasses).string() : o.output;
    check_writable("--output", path);
    const std::string drift_path =
        o.drift.empty() ? fs::path(path).replace_filename(generator::kStillTakes).string()
                        : o.drift;
    check_writable("--drift", drift_path);
    generator::HeadCalibration calibration(model);
    generator::StillTakesCalibration still_takes;
    Progress progress("calibrate", std::ssize(prompts) * (1 + kStillSeeds));
    for (size_t i = 0; i < prompts.size() && !interrupted(); ++i) {
        calibration.add_take(prompts[i], i);
        progress.advance(1);
        for (uint64_t seed = 0; seed < kStillSeeds && !interrupted(); ++seed) {
            still_takes.add_take(
                generator::features_of_take(model, prompts[i], seed * prompts.size() + i));
            progress.advance(1);
        }
    }
    progress.finish();
    if (interrupted()) {
        throw Interrupted{};
    }
    const generator::HeadMasses masses = calibration.masses();
    masses.write(path);
    const generator::StillTakes still = still_takes.result();
    still.write(drift_path);
    const auto near = std::ranges::count_if(masses.recent, [](float v) { return v >= 0.8F; });
    fmt::print(
        "{}: {} of {} heads look at the newest four frames (0.8 or more of what is not on "
        "the first)\n",
        path, near, masses.recent.size());
    fmt::print(
        "{}: chunks are {:.2f} times as far from the beginning as before, give or take a "
        "factor of {:.2f}\n",
        drift_path, std::exp(still.mean), std::exp(still.deviation));
}

}  // namespace

void add_calibrate(CLI::App& app) {
    auto o = std::make_shared<CalibrateOptions>();
    auto* command = app.add_subcommand(
        "calibrate",
        "Measure where a model's heads look, for --cache forcing-kv and dummy-forcing, and how far "
        "its takes are from their beginning, for --on-drift");
    command->add_option("--prompts", o->prompts, "File of prompts, one a line (default: four)");
    command->add_option("-o,--output", o->output,
                        "File for the measurement (default: heads.json in the model's folder)");
    command->add_option("--drift", o->drift,
                        "File for how takes vary (default: drift.json beside the other)");
    add_device_options(*command, o->model);
    command->footer(
        "Example:\n  longtake calibrate -o heads.json\n"
        "  longtake generate --seconds 4 --cache forcing-kv:heads=heads.json");
    command->callback([o] { run(*o); });
}

}  // namespace longtake::cli
