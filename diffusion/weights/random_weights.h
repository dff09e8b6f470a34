#pragma once

#include "core/tensor.h"

#include <map>
#include <string>

namespace longtake::diffusion {

// Stands in for a checkpoint: any tensor that is asked for is there, fp32, random and of a spread
// that keeps activations near one. The same name gives the same values.
class RandomWeights {
  public:
    // `shapes`: of the tensors that are asked for without one.
    explicit RandomWeights(std::map<std::string, Shape> shapes = {}) : shapes_(std::move(shapes)) {}

    Tensor tensor(const std::string& name, const Shape& shape) const;
    Tensor tensor(const std::string& name) const;

  private:
    std::map<std::string, Shape> shapes_;
};

}  // namespace longtake::diffusion
