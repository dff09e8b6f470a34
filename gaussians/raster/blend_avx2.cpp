// Compiled for AVX2 and FMA: nothing here may run before the machine has been asked.
#include "gaussians/raster/blend_tile_backward.h"

namespace longtake::gaussians {

extern const BlendKernel<float> kBlendAvx2;
const BlendKernel<float> kBlendAvx2{blend_tile<float>, blend_tile_backward<float>};

}  // namespace longtake::gaussians
