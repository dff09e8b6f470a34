#pragma once

#include "gaussians/raster/attributes.h"

#include <vector>

// Between the tests' vectors and the GPU.
namespace longtake::gaussians {

inline Cloud on_gpu(const Attributes<float>& attributes) {
    return to_cloud(attributes).to(Device::Cuda);
}

inline std::vector<float> values_of(const Tensor& tensor) {
    const Tensor here = tensor.to(Device::Cpu);
    return {here.values<float>().begin(), here.values<float>().end()};
}

inline Attributes<float> from_gpu(const Cloud& cloud) {
    Attributes<float> out(cloud.means.extent(0), cloud.sh_degree());
    for (std::size_t i = 0; i < Cloud::kColumns; ++i) {
        *out.columns()[i] = values_of(*cloud.columns()[i]);
    }
    return out;
}

}  // namespace longtake::gaussians
