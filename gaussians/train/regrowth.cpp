#include "gaussians/train/regrowth.h"

#include "core/error.h"
#include "gaussians/train/rows.h"

namespace longtake::gaussians {

void scatter(Cloud& cloud, const Tensor& spread, const Tensor& scaling, uint64_t seed,
             GpuStream stream) {
    check(spread.count() == cloud.count() && scaling.count() == cloud.count(),
          "scatter: {} and {} values for {} Gaussians", spread.count(), scaling.count(),
          cloud.count());
    const ScatterRows rows{.means = cloud.means.data<float>(),
                           .log_scales = cloud.log_scales.data<float>(),
                           .rotations = cloud.rotations.data<float>(),
                           .spread = spread.data<float>(),
                           .scaling = scaling.data<float>(),
                           .seed = seed};
    run_on(cloud.means.device(), rows, cloud.count(), stream);
}

}  // namespace longtake::gaussians
