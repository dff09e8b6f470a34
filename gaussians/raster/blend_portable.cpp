#include "gaussians/raster/blend_tile_backward.h"

namespace longtake::gaussians {

extern const BlendKernel<float> kBlendPortable;
extern const BlendKernel<double> kBlendOracle;
const BlendKernel<float> kBlendPortable{blend_tile<float>, blend_tile_backward<float>};
const BlendKernel<double> kBlendOracle{blend_tile<double>, blend_tile_backward<double>};

}  // namespace longtake::gaussians
