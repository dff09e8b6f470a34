#pragma once

#include "generator/control/global_layer.h"
#include "generator/take.h"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace longtake::cli {

// What a take is asked to follow.
struct MotionOptions {
    std::string tracks;       // file
    std::string motion_from;  // video, or the address of one
    int64_t grid = 24;        // points of `motion_from` and of the camera, across the picture
    std::string camera;       // preset or file
    double camera_speed = 1, camera_scale = 1;
    std::string depth;  // file
    double depth_scale = 0.001;
    std::vector<double> pan, about;  // of the global layer: widths a second, parts of the sides
    double zoom = 1, turn = 0;       // of it: times a second, degrees a second

    bool any() const { return !tracks.empty() || !motion_from.empty() || !camera.empty(); }
};

// The options as a group. Returns those that ask for a motion.
std::vector<CLI::Option*> add_motion_options(CLI::App& command, MotionOptions& options);

// Reads what the options name, now, and asks a session for it at every chunk border of a take of
// so many frames. Warns where the model will not follow.
generator::Steer steer_by_motion(const MotionOptions& options, const diffusion::VideoModel& model,
                                 int64_t frames);

}  // namespace longtake::cli
