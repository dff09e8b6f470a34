#include "gaussians/train/cuda_adam.h"

#include "core/error.h"
#include "gaussians/train/cuda/kernels.h"

#include <array>

namespace longtake::gaussians {
namespace {

template <typename AnyCloud> auto tensors_of(AnyCloud& c) {
    return std::array{&c.means, &c.log_scales, &c.rotations, &c.opacities, &c.sh_dc, &c.sh_rest};
}

}  // namespace

CudaAdam::CudaAdam(cudaStream_t stream, int64_t count, int sh_degree)
    : stream_(stream),
      first_(Cloud::sized(count, sh_degree, Device::Cuda)),
      second_(Cloud::sized(count, sh_degree, Device::Cuda)) {
    for (Cloud* moments : {&first_, &second_}) {
        for (Tensor* column : tensors_of(*moments)) {
            cuda_check(cudaMemsetAsync(column->raw(), 0, column->bytes(), stream), "clearing");
        }
    }
}

void CudaAdam::step(Cloud& values, const Cloud& gradient, const LearningRates& rates) {
    ++steps_;
    const auto value = tensors_of(values);
    const auto slope = tensors_of(gradient);
    const auto first = tensors_of(first_), second = tensors_of(second_);
    std::array<cuda::AdamColumn, cuda::kMostColumns> columns;
    for (size_t c = 0; c < value.size(); ++c) {
        for (const Tensor* tensor : {static_cast<const Tensor*>(value[c]), slope[c]}) {
            check(tensor->shape() == first[c]->shape() && tensor->device() == Device::Cuda,
                  "a column of {}, not {} on the GPU", tensor->shape().str(),
                  first[c]->shape().str());
        }
        columns[c] = {.value = value[c]->data<float>(),
                      .first = first[c]->data<float>(),
                      .second = second[c]->data<float>(),
                      .gradient = slope[c]->data<float>(),
                      .count = first[c]->count(),
                      .rate = adam_rate(rates[c], static_cast<double>(steps_))};
    }
    cuda::adam_step(columns, stream_);
}

}  // namespace longtake::gaussians
