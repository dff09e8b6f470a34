#include "gaussians/train/training_view.h"

#include "core/error.h"

namespace longtake::gaussians {

std::vector<float> planes_of(const TrainingView& view) {
    const int64_t h = view.camera.height, w = view.camera.width;
    check(view.image.shape() == Shape({h, w, 3}), "an image of {} from a camera of [{}, {}]",
          view.image.shape().str(), h, w);
    const Tensor image = view.image.to(Device::Cpu);  // frames that are learnt from may be on a GPU
    const uint8_t* pixels = image.data<uint8_t>();
    std::vector<float> planes(static_cast<std::size_t>(3 * h * w));
    for (int64_t i = 0; i < 3 * h * w; ++i) {
        planes[static_cast<std::size_t>(i % 3 * h * w + i / 3)] =
            static_cast<float>(pixels[i]) / 255.F;
    }
    return planes;
}

}  // namespace longtake::gaussians
