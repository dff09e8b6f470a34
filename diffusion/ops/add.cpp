#include "diffusion/ops/add.h"

#include "core/error.h"
#include "core/parallel.h"

#include <algorithm>

namespace longtake::diffusion {

void add(const Tensor& x, Tensor& sum, GpuStream stream) {
    check(x.count() == sum.count() && x.dtype() == sum.dtype(), "add: {} {} to {} {}",
          name_of(x.dtype()), x.shape().str(), name_of(sum.dtype()), sum.shape().str());
    check(x.device() == sum.device(), "add: tensors of two devices");
    x.device() == Device::Cpu ? add_cpu(x, sum) : add_cuda(x, sum, stream);
}

void add_cpu(const Tensor& x, Tensor& sum) {
    const auto run = [count = x.count()]<typename T>(const T* from, T* to) {
        constexpr int64_t kPart = 4096;
        parallel_for((count + kPart - 1) / kPart, [=](int64_t part) {
            const int64_t end = std::min((part + 1) * kPart, count);
            for (int64_t i = part * kPart; i < end; ++i) {
                to[i] = static_cast<T>(static_cast<float>(to[i]) + static_cast<float>(from[i]));
            }
        });
    };
    x.dtype() == DType::BF16 ? run(x.data<bf16>(), sum.data<bf16>())
                             : run(x.data<float>(), sum.data<float>());
}

}  // namespace longtake::diffusion
