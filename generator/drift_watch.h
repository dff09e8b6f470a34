#pragma once

#include "core/tensor.h"
#include "diffusion/video_model.h"
#include "generator/drift_alarm.h"

#include <filesystem>
#include <optional>
#include <vector>

namespace longtake::generator {

// What the drift alarm made of a chunk; see there.
struct DriftReading {
    DriftAlarm::State state = DriftAlarm::State::Learning;
    double distance = 0, evidence = 0;
    bool alarm = false;  // a test ended with this chunk, and found drift
};

// The usual ones where the model has been calibrated, and makes chunks as it did then.
std::optional<DriftOptions> usual_drift_options(const diffusion::VideoModel& model);

// The drift alarm of a take: looks at its latents, and keeps those a scene is held against.
class DriftWatch {
  public:
    // Throws InputError without the file of still takes. latents [F, C, h, w]: like those to come.
    DriftWatch(const std::filesystem::path& still_takes, const Tensor& latents,
               const DriftOptions& options);

    // latents [F, C, h, w] of the next chunk, done; of no more frames than those before.
    DriftReading look(const Tensor& latents);
    // The next chunk is of another scene.
    void restart();
    // Whether the last chunk rang it.
    bool alarm() const { return alarm_; }
    // [2F, C, h, w]: the newest chunk of the reference, and behind it `newest`. There has been an
    // alarm.
    const Tensor& anchor(const Tensor& newest);

    struct Snapshot {
        DriftAlarm state;
        Tensor anchor;
        bool alarm;
    };
    Snapshot snapshot() const { return {state_, anchor_.clone(), alarm_}; }
    void restore(const Snapshot& snapshot);

  private:
    DriftAlarm state_;
    std::vector<float> features_;
    Tensor on_host_;  // of latents of a GPU
    Tensor anchor_;
    bool alarm_ = false;
};

}  // namespace longtake::generator
