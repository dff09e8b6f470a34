#pragma once

#include "diffusion/video_model.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace longtake::diffusion {

// A model of a public one's sizes with random weights, to measure where no checkpoint is at hand:
// what it makes is noise, and prompts come as embeddings. Throws InputError for a name that is not
// one of `random_model_names`.
std::shared_ptr<const VideoModel> make_random_model(std::string_view name, DType compute,
                                                    Device device);
std::vector<std::string> random_model_names();

}  // namespace longtake::diffusion
