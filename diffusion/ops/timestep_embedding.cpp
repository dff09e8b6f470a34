#include "diffusion/ops/timestep_embedding.h"

#include "core/error.h"

#include <cmath>

namespace longtake::diffusion {
namespace {

template <typename T> void embed(double timestep, Tensor& out) {
    const int64_t half = out.count() / 2;
    T* values = out.data<T>();
    for (int64_t i = 0; i < half; ++i) {
        const double frequency =
            std::pow(10000.0, -static_cast<double>(i) / static_cast<double>(half));
        values[i] = T(static_cast<float>(std::cos(timestep * frequency)));
        values[half + i] = T(static_cast<float>(std::sin(timestep * frequency)));
    }
}

template <typename T> void silu_into(const Tensor& x, Tensor& y) {
    const float* from = x.data<float>();
    T* to = y.data<T>();
    for (int64_t i = 0; i < x.count(); ++i) {
        to[i] = T(from[i] / (1.F + std::exp(-from[i])));
    }
}

}  // namespace

void timestep_embedding(double timestep, Tensor& out, GpuStream stream) {
    check(out.count() % 2 == 0, "timestep_embedding: an even number of values, not {}",
          out.shape().str());
    if (out.device() == Device::Cuda) {
        return timestep_embedding_cuda(timestep, out, stream);
    }
    switch (out.dtype()) {
        case DType::F32: return embed<float>(timestep, out);
        case DType::BF16: return embed<bf16>(timestep, out);
        default: fail("timestep_embedding: no output in {}", name_of(out.dtype()));
    }
}

void silu(const Tensor& x, Tensor& y, GpuStream stream) {
    check(x.count() == y.count() && x.device() == y.device(), "silu: {} into {}", x.shape().str(),
          y.shape().str());
    if (x.device() == Device::Cuda) {
        return silu_cuda(x, y, stream);
    }
    switch (y.dtype()) {
        case DType::F32: return silu_into<float>(x, y);
        case DType::BF16: return silu_into<bf16>(x, y);
        default: fail("silu: no output in {}", name_of(y.dtype()));
    }
}

}  // namespace longtake::diffusion
