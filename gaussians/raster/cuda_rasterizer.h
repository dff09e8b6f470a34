#pragma once

#include "core/cuda.h"
#include "core/tensor.h"
#include "gaussians/raster/render.h"
#include "gaussians/scene/camera.h"
#include "gaussians/scene/cloud.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace longtake::gaussians {

// Milliseconds of the GPU; the two last are 0 after a forward pass alone.
struct RasterTimes {
    float project = 0;
    float sort_by_depth = 0;
    float list = 0;  // waiting for the number of instances, and writing them
    float sort_by_tile = 0;
    float blend = 0;
    float blend_backward = 0, project_backward = 0;

    float forward() const { return project + sort_by_depth + list + sort_by_tile + blend; }
    float backward() const { return blend_backward + project_backward; }
};

// Rasterizer<float> on the GPU, with the conventions of render.h. All tensors are fp32 and on the
// GPU. The work is queued on the stream; a forward pass waits once, for the number of meetings of
// Gaussians and tiles, while the GPU sorts the Gaussians. Buffers are kept from picture to picture
// and only grow. Pictures are the same from run to run; gradients are sums in any order.
class CudaRasterizer {
  public:
    explicit CudaRasterizer(cudaStream_t stream);
    ~CudaRasterizer();
    CudaRasterizer(CudaRasterizer&&) noexcept;
    CudaRasterizer& operator=(CudaRasterizer&&) noexcept;

    enum class Keep { Nothing, WhatGradientsNeed };

    // Makes tensors of the picture that are missing or of another size. Throws Error for a picture
    // of no pixels, a tile mask of another size, a cloud elsewhere, or more than 2^31 meetings.
    void forward(const Cloud& cloud, const Camera& camera, const RenderOptions& options,
                 Picture& picture, Keep keep = Keep::Nothing);

    // forward() in parts, for who records graphs: order() and draw() only queue work, draw() for as
    // many meetings as there is room for. fits() waits for their number and makes room where it has
    // to say no: then what was recorded of draw() is void.
    void begin(const Cloud& cloud, const Camera& camera, const RenderOptions& options,
               Picture& picture, Keep keep);
    void order();
    void draw();
    bool fits();
    int64_t room() const;

    // Of the last forward pass, which has kept what is needed: the gradient of a loss by the cloud,
    // from that by the picture. Tensors of by_picture that are empty stand for zeros. `tiles` of
    // the result is valid until the next pass.
    void backward(const Cloud& cloud, const Picture& picture, const Picture& by_picture,
                  GradientTensors& out);

    // Of the last forward pass: meetings of Gaussians and tiles.
    int64_t instances() const;
    // Of the last pass that was not in parts, for which it waits.
    RasterTimes times() const;
    // Held by the buffers.
    size_t bytes() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace longtake::gaussians
