#pragma once

#include "core/device.h"
#include "gaussians/scene/cloud.h"
#include "gaussians/train/training_view.h"

#include <cstdint>
#include <vector>

// Scenes that move, as cameras on an arc see them: known to the last pixel, for measurements.
namespace longtake::gaussians {

struct MovingScene {
    std::vector<std::vector<TrainingView>> frames;  // [T][V], on the CPU
    std::vector<TrainingView> seen;                 // [T], by the camera that is held out
};

struct SceneSize {
    int views = 8;  // the one in the middle is held out
    int width = 192, height = 108, frames = 48;
    int whole = 60;  // frames of a splat's whole play, of which these are the first
};

// Solids of the toy world that roll.
MovingScene toyworld_scene(const SceneSize& size, uint64_t seed, Device device);

// Five copies of a splat before a wall: one stands, one turns and walks, one sways, one appears at
// a third of the time, and one leaves at two thirds; a lamp at one side flickers.
class SplatStage {
  public:
    SplatStage(const Cloud& splat, int whole);
    Cloud at(int frame) const;  // on the CPU

  private:
    int whole_;
    Cloud figure_;  // feet at 0, one unit high, without harmonics
    Cloud stage_;
};
MovingScene splat_scene(const Cloud& splat, const SceneSize& size, Device device);

}  // namespace longtake::gaussians
