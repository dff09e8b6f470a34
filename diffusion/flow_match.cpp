#include "diffusion/flow_match.h"

#include "core/error.h"

namespace longtake::diffusion {

FlowMatchSchedule::FlowMatchSchedule(double shift, int train_steps)
    : shift_(shift), train_steps_(train_steps) {
    check_input(shift > 0 && train_steps > 0, "the schedule needs a positive shift and step count");
}

std::vector<double> FlowMatchSchedule::warp(std::span<const int> steps) const {
    std::vector<double> timesteps;
    for (const int step : steps) {
        check_input(step > 0 && step <= train_steps_, "denoising step {} is outside 1..{}", step,
                    train_steps_);
        const double s = static_cast<double>(step) / train_steps_;
        timesteps.push_back(train_steps_ * shift_ * s / (1.0 + (shift_ - 1.0) * s));
    }
    return timesteps;
}

void predict_clean(const float* noisy, const float* flow, double sigma, float* clean,
                   int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
        clean[i] = static_cast<float>(noisy[i] - sigma * flow[i]);
    }
}

void add_noise(const float* clean, const float* noise, double sigma, float* noisy, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
        noisy[i] = static_cast<float>((1.0 - sigma) * clean[i] + sigma * noise[i]);
    }
}

}  // namespace longtake::diffusion
