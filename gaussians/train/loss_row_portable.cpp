#include "gaussians/train/loss_row_kernel.h"

namespace longtake::gaussians {

extern const LossKernel<float> kLossPortable;
extern const LossKernel<double> kLossOracle;
const LossKernel<float> kLossPortable{compare_row<float>, gradient_row<float>};
const LossKernel<double> kLossOracle{compare_row<double>, gradient_row<double>};

}  // namespace longtake::gaussians
