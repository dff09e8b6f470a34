#pragma once

#include "diffusion/video_model.h"
#include "generator/drift_alarm.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace longtake::generator {

// Gathers features of takes under one prompt each, short enough to hold.
class StillTakesCalibration {
  public:
    // features of one chunk after another, [2 C] each
    void add_take(std::vector<std::vector<float>> chunks);
    StillTakes result() const;

  private:
    std::vector<std::vector<std::vector<float>>> takes_;
};

// Features of the first chunks of a take, with a sink, which holds it best.
std::vector<std::vector<float>> features_of_take(
    const std::shared_ptr<const diffusion::VideoModel>& model, const std::string& prompt,
    uint64_t seed);

}  // namespace longtake::generator
