#include "gaussians/train/rest_latents.h"

#include "core/error.h"
#include "gaussians/scene/cloud.h"
#include "gaussians/train/normals.h"

namespace longtake::gaussians {
namespace {

RestRows rows_of(const RestLatents& l) {
    check(l.values.shape().rank() == 2 && l.matrix.extent(0) == l.values.extent(1) &&
              l.matrix.extent(1) == l.shift.count(),
          "latents {} with a matrix {} and a shift {}", l.values.shape().str(),
          l.matrix.shape().str(), l.shift.shape().str());
    return {.count = l.values.extent(0),
            .latents = static_cast<int>(l.values.extent(1)),
            .features = static_cast<int>(l.shift.count()),
            .values = l.values.data<float>(),
            .matrix = l.matrix.data<float>(),
            .shift = l.shift.data<float>()};
}

void fit(Tensor& tensor, const Tensor& like) {
    if (tensor.empty() || tensor.shape() != like.shape()) {
        tensor = Tensor(like.shape(), DType::F32, like.device());
    }
}

}  // namespace

RestLatents RestLatents::start(int64_t count, int64_t latents, int sh_degree, Device device,
                               uint64_t seed) {
    constexpr double kDeviation = 0.1;
    const int64_t features = 3 * sh_rest_count(sh_degree);
    check(latents > 0 && latents <= kMostLatents && features > 0,
          "{} latents for {} harmonics of a Gaussian", latents, features);
    Tensor matrix({latents, features}, DType::F32);
    auto values = matrix.values<float>();
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = static_cast<float>(kDeviation * normals(seed, static_cast<int64_t>(i))[0]);
    }
    return {.values = Tensor::zeros({count, latents}).to(device),
            .matrix = matrix.to(device),
            .shift = Tensor::zeros({features}).to(device)};
}

void decode_rest(const RestLatents& latents, Tensor& sh_rest, GpuStream stream) {
    const RestRows rows = rows_of(latents);
    check(sh_rest.count() == rows.count * rows.features, "{} harmonics for {} latents",
          sh_rest.shape().str(), latents.values.shape().str());
    if (rows.count > 0) {
        sh_rest.device() == Device::Cpu ? decode_rest_cpu(rows, sh_rest.data<float>())
                                        : decode_rest_cuda(rows, sh_rest.data<float>(), stream);
    }
}

void decode_rest_backward(const RestLatents& latents, const Tensor& by_rest, RestLatents& out,
                          GpuStream stream) {
    const RestRows rows = rows_of(latents);
    const Device device = latents.values.device();
    fit(out.values, latents.values);
    fit(out.matrix, latents.matrix);
    fit(out.shift, latents.shift);
    for (Tensor* sums : {&out.matrix, &out.shift}) {
        clear_bytes(sums->raw(), device, sums->bytes(), stream);
    }
    const RestGradient gradient{.by_rest = by_rest.data<float>(),
                                .by_values = out.values.data<float>(),
                                .by_matrix = out.matrix.data<float>(),
                                .by_shift = out.shift.data<float>()};
    if (rows.count > 0) {
        device == Device::Cpu ? decode_rest_backward_cpu(rows, gradient)
                              : decode_rest_backward_cuda(rows, gradient, stream);
    }
}

}  // namespace longtake::gaussians
