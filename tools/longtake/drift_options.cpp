#include "tools/longtake/drift_options.h"

#include "core/log.h"

namespace longtake::cli {

void add_drift_options(CLI::App& command, DriftChoice& choice) {
    command
        .add_option("--on-drift", choice.on_drift,
                    "When the take has left what it began as: ignore it, warn, or reanchor the "
                    "memory to the beginning of the scene (default: warn, with a calibrated model)")
        ->check(CLI::IsMember({"ignore", "warn", "reanchor"}));
    command
        .add_option("--drift-alpha", choice.test.alpha,
                    "Chance of an alarm in a test of a take that holds")
        ->capture_default_str();
    command
        .add_option("--drift-beta", choice.test.beta,
                    "Chance that a test of a take that has drifted finds that it holds")
        ->capture_default_str();
    command
        .add_option("--drift-times", choice.test.times,
                    "Drift is to be this many times as far from the beginning as was usual")
        ->capture_default_str();
}

void look_for_drift(const DriftChoice& choice, const diffusion::VideoModel& model,
                    generator::SessionOptions& options) {
    options.reanchor = choice.on_drift == "reanchor";
    if (choice.on_drift == "ignore" ||
        (choice.on_drift.empty() && !generator::usual_drift_options(model))) {
        return;
    }
    options.drift = choice.test;
}

void tell_drift(const generator::Receipt& receipt, double frame_rate) {
    const double seconds = static_cast<double>(receipt.first_frame) / frame_rate;
    if (receipt.reanchored) {
        spdlog::info("at {:.1f} s: re-anchored", seconds);
    }
    if (receipt.drift && receipt.drift->alarm) {
        spdlog::warn(
            "at {:.1f} s: the take has drifted, {:.1f} times as far from its beginning as "
            "it used to be",
            seconds, receipt.drift->distance);
    }
}

}  // namespace longtake::cli
