#include "gaussians/raster/rasterizer.h"
#include "gaussians/raster/renderer.h"

namespace longtake::gaussians {
namespace {

class CpuRenderer : public Renderer {
  public:
    const Picture& draw(const Cloud& cloud, const Camera& camera,
                        const RenderOptions& options) override {
        rasterizer_.forward(view_of(cloud), camera, options, planes_);
        const int64_t h = camera.height, w = camera.width;
        picture_ = {.colour = Tensor::view(planes_.colour.data(), {3, h, w}, DType::F32),
                    .alpha = Tensor::view(planes_.alpha.data(), {h, w}, DType::F32),
                    .depth = Tensor::view(planes_.depth.data(), {h, w}, DType::F32)};
        return picture_;
    }

  private:
    Rasterizer<float> rasterizer_;
    PlanarPicture<float> planes_;
    Picture picture_;
};

}  // namespace

std::unique_ptr<Renderer> renderer_cpu() {
    return std::make_unique<CpuRenderer>();
}

}  // namespace longtake::gaussians
