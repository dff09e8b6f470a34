#pragma once

#include "generator/session.h"

#include <CLI/CLI.hpp>

#include <string>

namespace longtake::cli {

// What to do about drift; an empty choice warns where the model has been calibrated.
struct DriftChoice {
    std::string on_drift;
    generator::DriftOptions test;
};

void add_drift_options(CLI::App& command, DriftChoice& choice);

void look_for_drift(const DriftChoice& choice, const diffusion::VideoModel& model,
                    generator::SessionOptions& options);

// A line for the chunk that rang the alarm, and one for what was done about it.
void tell_drift(const generator::Receipt& receipt, double frame_rate);

}  // namespace longtake::cli
