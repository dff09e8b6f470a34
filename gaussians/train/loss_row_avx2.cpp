// Compiled for AVX2 and FMA: nothing here may run before the machine has been asked.
#include "gaussians/train/loss_row_kernel.h"

namespace longtake::gaussians {

extern const LossKernel<float> kLossAvx2;
const LossKernel<float> kLossAvx2{compare_row<float>, gradient_row<float>};

}  // namespace longtake::gaussians
