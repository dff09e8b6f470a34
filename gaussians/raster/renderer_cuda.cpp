#include "core/cuda.h"
#include "gaussians/raster/cuda_rasterizer.h"
#include "gaussians/raster/renderer.h"

namespace longtake::gaussians {
namespace {

class CudaRenderer : public Renderer {
  public:
    const Picture& draw(const Cloud& cloud, const Camera& camera,
                        const RenderOptions& options) override {
        rasterizer_.forward(cloud, camera, options, picture_);
        stream_.synchronize();
        return picture_;
    }

  private:
    CudaStream stream_;
    CudaRasterizer rasterizer_{stream_};
    Picture picture_;
};

}  // namespace

std::unique_ptr<Renderer> renderer_cuda() {
    return std::make_unique<CudaRenderer>();
}

}  // namespace longtake::gaussians
