#include "gaussians/raster/attributes.h"

#include "core/error.h"

#include <algorithm>

namespace longtake::gaussians {

AttributeView<float> view_of(const Cloud& cloud, Device device) {
    const int64_t n = cloud.count();
    const int degree = n == 0 ? 0 : cloud.sh_degree();
    if (n == 0) {
        return {};
    }
    const auto column = [device](const Tensor& tensor, const Shape& shape, const char* name) {
        check(tensor.device() == device, "the {} of the Gaussians are not on the {}", name,
              device == Device::Cpu ? "CPU" : "GPU");
        check(tensor.shape() == shape, "the {} of the Gaussians are {}, not {}", name,
              tensor.shape().str(), shape.str());
        return tensor.data<float>();
    };
    return {.count = n,
            .sh_degree = degree,
            .means = column(cloud.means, {n, 3}, "means"),
            .log_scales = column(cloud.log_scales, {n, 3}, "scales"),
            .rotations = column(cloud.rotations, {n, 4}, "rotations"),
            .opacities = column(cloud.opacities, {n}, "opacities"),
            .sh_dc = column(cloud.sh_dc, {n, 3}, "colours"),
            .sh_rest = column(cloud.sh_rest, {n, sh_rest_count(degree), 3}, "harmonics")};
}

Cloud to_cloud(const Attributes<float>& attributes) {
    Cloud cloud = Cloud::sized(attributes.count, attributes.sh_degree);
    for (std::size_t i = 0; i < Cloud::kColumns; ++i) {
        std::ranges::copy(*attributes.columns()[i], cloud.columns()[i]->data<float>());
    }
    return cloud;
}

}  // namespace longtake::gaussians
