#pragma once

#include "gaussians/raster/attributes.h"

#include <array>
#include <vector>

// Between the tests' vectors and the GPU.
namespace longtake::gaussians {

inline Cloud on_gpu(const Attributes<float>& attributes) {
    Cloud cloud = to_cloud(attributes);
    for (Tensor* column : {&cloud.means, &cloud.log_scales, &cloud.rotations, &cloud.opacities,
                           &cloud.sh_dc, &cloud.sh_rest}) {
        *column = column->to(Device::Cuda);
    }
    return cloud;
}

inline std::vector<float> values_of(const Tensor& tensor) {
    const Tensor here = tensor.to(Device::Cpu);
    return {here.values<float>().begin(), here.values<float>().end()};
}

inline Attributes<float> from_gpu(const Cloud& cloud) {
    Attributes<float> out(cloud.means.extent(0), cloud.sh_degree());
    const std::array<const Tensor*, Attributes<float>::kColumns> columns{
        &cloud.means,     &cloud.log_scales, &cloud.rotations,
        &cloud.opacities, &cloud.sh_dc,      &cloud.sh_rest};
    for (std::size_t i = 0; i < columns.size(); ++i) {
        *out.columns()[i] = values_of(*columns[i]);
    }
    return out;
}

}  // namespace longtake::gaussians
