#include "gaussians/raster/render.h"

#include "gaussians/raster/renderer.h"

#include <memory>

namespace longtake::gaussians {

std::unique_ptr<Renderer> Renderer::on(Device device) {
    return device == Device::Cpu ? renderer_cpu() : renderer_cuda();
}

Picture render(const Cloud& cloud, const Camera& camera, const RenderOptions& options) {
    const std::shared_ptr<Renderer> renderer = Renderer::on(cloud.means.device());
    const Picture& picture = renderer->draw(cloud, camera, options);
    const auto kept = [&](const Tensor& plane) {
        return Tensor::share(renderer, plane.raw(), plane.shape(), DType::F32, plane.device());
    };
    return {
        .colour = kept(picture.colour), .alpha = kept(picture.alpha), .depth = kept(picture.depth)};
}

}  // namespace longtake::gaussians
