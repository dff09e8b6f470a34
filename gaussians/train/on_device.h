#pragma once

#include "core/tensor.h"

#include <cstring>
#include <vector>

namespace longtake::gaussians {

// A copy of the values, [N].
template <typename T> Tensor on(Device device, const std::vector<T>& values) {
    Tensor here({std::ssize(values)}, dtype_of<T>::value);
    if (!values.empty()) {
        std::memcpy(here.raw(), values.data(), here.bytes());
    }
    return here.to(device);
}

}  // namespace longtake::gaussians
