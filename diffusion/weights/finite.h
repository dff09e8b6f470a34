#pragma once

#include "core/tensor.h"

namespace longtake::diffusion {

// Whether no element is NaN or infinity; true of whole numbers.
bool is_finite(const Tensor& tensor);

}  // namespace longtake::diffusion
