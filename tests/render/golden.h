#pragma once

#include "core/tensor.h"

#include <string>

namespace longtake {

// Peak signal to noise ratio of two pictures [H, W, 3] in dB; 99 when they are the same.
double psnr(const Tensor& a, const Tensor& b);

// Compares a picture with tests/fixtures/pictures/NAME.png, which lavapipe drew: fails below
// `bound` dB and leaves NAME.actual.png in the working folder. Does nothing on other devices. With
// LONGTAKE_BLESS set it writes the fixture instead.
void expect_golden(const Tensor& picture, const std::string& name, const std::string& device,
                   double bound = 40);

}  // namespace longtake
