#include "gaussians/scene/cloud.h"

#include "core/error.h"

namespace longtake::gaussians {

Cloud Cloud::sized(int64_t count, int sh_degree, Device device) {
    check(sh_degree >= 0 && sh_degree <= kMaxShDegree,
          "Gaussians have spherical harmonics of degree 0 to {}, not {}", kMaxShDegree, sh_degree);
    return {.means = Tensor({count, 3}, DType::F32, device),
            .log_scales = Tensor({count, 3}, DType::F32, device),
            .rotations = Tensor({count, 4}, DType::F32, device),
            .opacities = Tensor({count}, DType::F32, device),
            .sh_dc = Tensor({count, 3}, DType::F32, device),
            .sh_rest = Tensor({count, sh_rest_count(sh_degree), 3}, DType::F32, device)};
}

Cloud Cloud::to(Device device) const {
    Cloud there;
    for (std::size_t c = 0; c < kColumns; ++c) {
        *there.columns()[c] = columns()[c]->to(device);
    }
    return there;
}

int Cloud::sh_degree() const {
    for (int degree = 0; degree <= kMaxShDegree; ++degree) {
        if (sh_rest.extent(1) == sh_rest_count(degree)) {
            return degree;
        }
    }
    fail("{} spherical harmonics beyond the first belong to no degree", sh_rest.extent(1));
}

}  // namespace longtake::gaussians
