#include "gaussians/train/cuda_photometric_loss.h"

#include "core/error.h"
#include "gaussians/train/photometric_loss_kernels.h"

namespace longtake::gaussians {
namespace {

cuda::Planes planes_of(const Tensor& image) {
    check(image.shape().rank() == 3 && image.extent(0) == 3 && image.device() == Device::Cuda,
          "{} is no picture of 3 colours on the GPU", image.shape().str());
    return {static_cast<int>(image.extent(1)), static_cast<int>(image.extent(2))};
}

void fit(Tensor& tensor, const Shape& shape) {
    if (tensor.empty() || tensor.shape() != shape) {
        tensor = Tensor(shape, DType::F32, Device::Cuda);
    }
}

}  // namespace

CudaLossTarget CudaPhotometricLoss::target(const Tensor& image) const {
    CudaLossTarget target{.image = image, .mean = {}, .variance = {}};
    describe(target);
    return target;
}

void CudaPhotometricLoss::describe(CudaLossTarget& target) const {
    const cuda::Planes planes = planes_of(target.image);
    fit(target.mean, target.image.shape());
    fit(target.variance, target.image.shape());
    cuda::describe(planes, target.image.data<float>(), target.mean.data<float>(),
                   target.variance.data<float>(), stream_);
}

void CudaPhotometricLoss::run(const Tensor& picture, const CudaLossTarget& target,
                              Tensor& by_picture) {
    const cuda::Planes planes = planes_of(picture);
    check(picture.shape() == target.image.shape(), "a picture of {} for a target of {}",
          picture.shape().str(), target.image.shape().str());
    for (Tensor* tensor : {&by_mean_, &by_square_, &by_product_, &by_picture}) {
        fit(*tensor, picture.shape());
    }
    fit(sums_, {cuda::comparing_blocks(planes), 3});
    const double values = static_cast<double>(picture.count());
    cuda::compare(planes,
                  {.picture = picture.data<float>(),
                   .truth = target.image.data<float>(),
                   .mean = target.mean.data<float>(),
                   .variance = target.variance.data<float>(),
                   .by_ssim = static_cast<float>(-share_ / values),
                   .by_mean = by_mean_.data<float>(),
                   .by_square = by_square_.data<float>(),
                   .by_product = by_product_.data<float>(),
                   .sums = sums_.data<float>()},
                  stream_);
    cuda::slope(planes,
                {.picture = picture.data<float>(),
                 .truth = target.image.data<float>(),
                 .by_mean = by_mean_.data<float>(),
                 .by_square = by_square_.data<float>(),
                 .by_product = by_product_.data<float>(),
                 .by_l1 = static_cast<float>((1 - share_) / values),
                 .by_picture = by_picture.data<float>()},
                stream_);
}

PictureErrors CudaPhotometricLoss::errors() const {
    check(!sums_.empty(), "no pictures have been compared");
    cuda_check(cudaStreamSynchronize(stream_), "comparing pictures");
    const Tensor sums = sums_.to(Device::Cpu);
    const double values = static_cast<double>(by_mean_.count());
    PictureErrors errors;
    for (int64_t block = 0; block < sums.extent(0); ++block) {
        const float* of_block = sums.data<float>() + 3 * block;
        errors.l1 += static_cast<double>(of_block[0]) / values;
        errors.mse += static_cast<double>(of_block[1]) / values;
        errors.ssim += static_cast<double>(of_block[2]) / values;
    }
    return errors;
}

}  // namespace longtake::gaussians
