#pragma once

#include "generator/cache/head_masses.h"
#include "generator/session.h"

namespace longtake::generator {

// Measures where a model's heads look, over takes of it: every take adds to the means.
class HeadCalibration {
  public:
    explicit HeadCalibration(std::shared_ptr<const diffusion::VideoModel> model);

    // A take of `prompt` for as long as the model's window is: its second chunk and its last are
    // read once more, as in the clean pass, by some of their tokens.
    void add_take(const std::string& prompt, uint64_t seed);
    HeadMasses masses() const;

  private:
    std::shared_ptr<const diffusion::VideoModel> model_;
    HeadMasses sums_;
    int takes_ = 0;
};

}  // namespace longtake::generator
