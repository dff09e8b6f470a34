#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace longtake::diffusion {

// The flow-matching schedule of Wan: x_t = (1 - sigma) x_0 + sigma * noise, the model predicts
// v = noise - x_0, sigma = timestep / 1000.
class FlowMatchSchedule {
  public:
    // `shift` warps the 1000-entry schedule: sigma = shift s / (1 + (shift - 1) s).
    explicit FlowMatchSchedule(double shift = 5.0, int train_steps = 1000);

    // Maps an unshifted step list such as {1000, 750, 500, 250} to the timesteps at which the
    // model runs ({1000, 937.5, 833.333, 625} for shift 5).
    std::vector<double> warp(std::span<const int> steps) const;
    double sigma(double timestep) const { return timestep / train_steps_; }

  private:
    double shift_;
    int train_steps_;
};

// x_0 = x_t - sigma v, elementwise over `count` values; computed in double.
void predict_clean(const float* noisy, const float* flow, double sigma, float* clean,
                   int64_t count);
// x_t = (1 - sigma) x_0 + sigma noise.
void add_noise(const float* clean, const float* noise, double sigma, float* noisy, int64_t count);

}  // namespace longtake::diffusion
