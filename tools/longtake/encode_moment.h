#pragma once

#include "gaussians/train/static_trainer.h"
#include "tools/longtake/encode_views.h"

#include <optional>

namespace longtake::cli {

// What --points says: a file's points, or how many to find in the views.
struct Start {
    std::optional<gaussians::Points> given;
    std::optional<int64_t> found;
};
Start read_start(const std::string& option);
// As --points says; else the dataset's own, or found in the views where it has hardly any. No more
// than --max: then every second, third, ...
gaussians::Points first_points(const EncodeOptions& options, const Start& start,
                               const gaussians::Points& dataset,
                               const std::vector<gaussians::TrainingView>& views);

// Learns a moment, showing how far it is, until the end or Ctrl-C.
void learn_moment(const EncodeOptions& options, gaussians::StaticTrainer& trainer,
                  const gaussians::TrainingOptions& training, const gaussians::TrainingView& seen);

// What the camera saw, and beside it what the scene shows it.
Tensor side_by_side(const gaussians::Cloud& cloud, const gaussians::TrainingView& view,
                    const gaussians::RenderOptions& render);

// `encode` for one moment, to a file of Gaussians.
void encode_moment(const EncodeOptions& options);

}  // namespace longtake::cli
