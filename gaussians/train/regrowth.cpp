#include "gaussians/train/regrowth.h"

#include "core/error.h"
#include "core/parallel.h"

namespace longtake::gaussians {

ScatterRows scatter_rows(Cloud& cloud, const Tensor& spread, const Tensor& scaling, uint64_t seed) {
    return {.means = cloud.means.data<float>(),
            .log_scales = cloud.log_scales.data<float>(),
            .rotations = cloud.rotations.data<float>(),
            .spread = spread.data<float>(),
            .scaling = scaling.data<float>(),
            .seed = seed};
}

void scatter(Cloud& cloud, const Tensor& spread, const Tensor& scaling, uint64_t seed,
             GpuStream stream) {
    check(spread.count() == cloud.count() && scaling.count() == cloud.count(),
          "scatter: {} and {} values for {} Gaussians", spread.count(), scaling.count(),
          cloud.count());
    if (cloud.count() > 0) {
        cloud.means.device() == Device::Cpu ? scatter_cpu(cloud, spread, scaling, seed)
                                            : scatter_cuda(cloud, spread, scaling, seed, stream);
    }
}

void scatter_cpu(Cloud& cloud, const Tensor& spread, const Tensor& scaling, uint64_t seed) {
    const ScatterRows rows = scatter_rows(cloud, spread, scaling, seed);
    parallel_for(cloud.count(), [&](int64_t i) { rows.run(i); });
}

}  // namespace longtake::gaussians
