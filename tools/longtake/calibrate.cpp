#include "core/error.h"
#include "core/progress.h"
#include "generator/head_calibration.h"
#include "tools/longtake/commands.h"
#include "tools/longtake/interrupt.h"
#include "tools/longtake/model_options.h"
#include "tools/longtake/output_path.h"
#include "tools/longtake/prompt_lines.h"

#include <algorithm>
#include <memory>

namespace longtake::cli {
namespace {

struct CalibrateOptions {
    ModelOptions model;
    std::string prompts, output;
};

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
    generator::HeadCalibration calibration(model);
    Progress progress("calibrate", std::ssize(prompts));
    for (size_t i = 0; i < prompts.size() && !interrupted(); ++i) {
        calibration.add_take(prompts[i], i);
        progress.advance(1);
    }
    progress.finish();
    if (interrupted()) {
        throw Interrupted{};
    }
    const generator::HeadMasses masses = calibration.masses();
    masses.write(path);
    const auto near = std::ranges::count_if(masses.recent, [](float v) { return v >= 0.8F; });
    fmt::print(
        "{}: {} of {} heads look at the newest four frames (0.8 or more of what is not on "
        "the first)\n",
        path, near, masses.recent.size());
}

}  // namespace

void add_calibrate(CLI::App& app) {
    auto o = std::make_shared<CalibrateOptions>();
    auto* command = app.add_subcommand(
        "calibrate",
        "Measure where a model's heads look, for --cache forcing-kv and dummy-forcing");
    command->add_option("--prompts", o->prompts, "File of prompts, one a line (default: four)");
    command->add_option("-o,--output", o->output,
                        "File for the measurement (default: heads.json in the model's folder)");
    add_device_options(*command, o->model);
    command->footer(
        "Example:\n  longtake calibrate -o heads.json\n"
        "  longtake generate --seconds 4 --cache forcing-kv:heads=heads.json");
    command->callback([o] { run(*o); });
}

}  // namespace longtake::cli
