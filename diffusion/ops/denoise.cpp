#include "diffusion/ops/denoise.h"

#include "core/error.h"
#include "diffusion/flow_match.h"

namespace longtake::diffusion {
namespace {

void check_alike(const Tensor& a, const Tensor& b, const Tensor& c) {
    check(a.count() == b.count() && a.count() == c.count(), "denoise: {}, {} and {} values",
          a.count(), b.count(), c.count());
    check(a.device() == b.device() && a.device() == c.device(), "denoise: tensors of two devices");
}

}  // namespace

void predict_clean(const Tensor& noisy, const Tensor& flow, double sigma, Tensor& clean,
                   GpuStream stream) {
    check_alike(noisy, flow, clean);
    if (noisy.device() == Device::Cuda) {
        return predict_clean_cuda(noisy, flow, sigma, clean, stream);
    }
    predict_clean(noisy.data<float>(), flow.data<float>(), sigma, clean.data<float>(),
                  noisy.count());
}

void add_noise(const Tensor& clean, const Tensor& noise, double sigma, Tensor& noisy,
               GpuStream stream) {
    check_alike(clean, noise, noisy);
    if (clean.device() == Device::Cuda) {
        return add_noise_cuda(clean, noise, sigma, noisy, stream);
    }
    add_noise(clean.data<float>(), noise.data<float>(), sigma, noisy.data<float>(), clean.count());
}

}  // namespace longtake::diffusion
