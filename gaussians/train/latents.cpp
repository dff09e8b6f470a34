#include "gaussians/train/latents.h"

#include "core/error.h"
#include "gaussians/train/normals.h"

namespace longtake::gaussians {
namespace {

LatentRows rows_of(const Latents& l, const LatentContext& context) {
    check(l.values.shape().rank() == 2 && l.matrix.extent(0) == l.values.extent(1) &&
              l.matrix.extent(1) == l.shift.count(),
          "latents {} with a matrix {} and a shift {}", l.values.shape().str(),
          l.matrix.shape().str(), l.shift.shape().str());
    check(l.values.extent(1) <= kMostLatents && l.shift.count() <= kMostFeatures,
          "{} latents for {} numbers of a Gaussian, at most {} for {} are learnt",
          l.values.extent(1), l.shift.count(), kMostLatents, kMostFeatures);
    const int64_t n = l.values.extent(0);
    const Tensor &before = context.before, &gates = context.gates;
    check((before.empty() || before.count() == n * l.shift.count()) &&
              (gates.empty() || gates.count() == n),
          "{} latents before {} and behind {} gates", l.values.shape().str(), before.shape().str(),
          gates.shape().str());
    return {.count = n,
            .latents = static_cast<int>(l.values.extent(1)),
            .features = static_cast<int>(l.shift.count()),
            .values = l.values.data<float>(),
            .matrix = l.matrix.data<float>(),
            .shift = l.shift.data<float>(),
            .before = before.empty() ? nullptr : before.data<float>(),
            .gates = gates.empty() ? nullptr : gates.data<float>()};
}

void fit(Tensor& tensor, const Tensor& like) {
    if (tensor.empty() || tensor.shape() != like.shape()) {
        tensor = Tensor(like.shape(), DType::F32, like.device());
    }
}

}  // namespace

Latents Latents::start(int64_t count, int64_t latents, int64_t features, double deviation,
                       Device device, uint64_t seed) {
    check(latents > 0 && latents <= kMostLatents && features > 0 && features <= kMostFeatures,
          "{} latents for {} numbers of a Gaussian", latents, features);
    Tensor matrix({latents, features}, DType::F32);
    auto values = matrix.values<float>();
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = static_cast<float>(deviation * normals(seed, static_cast<int64_t>(i))[0]);
    }
    return {.values = Tensor::zeros({count, latents}).to(device),
            .matrix = matrix.to(device),
            .shift = Tensor::zeros({features}).to(device)};
}

void decode_latents(const Latents& latents, const LatentContext& context, Tensor& column,
                    GpuStream stream) {
    const LatentRows rows = rows_of(latents, context);
    check(column.count() == rows.count * rows.features, "a column of {} for {} latents",
          column.shape().str(), latents.values.shape().str());
    if (rows.count > 0) {
        column.device() == Device::Cpu ? decode_latents_cpu(rows, column.data<float>())
                                       : decode_latents_cuda(rows, column.data<float>(), stream);
    }
}

void decode_latents_backward(const Latents& latents, const LatentContext& context,
                             const Tensor& by_column, Latents& out, Tensor* by_gates,
                             GpuStream stream) {
    const LatentRows rows = rows_of(latents, context);
    const Device device = latents.values.device();
    check((rows.gates == nullptr) == (by_gates == nullptr) &&
              (by_gates == nullptr || by_gates->count() == rows.count),
          "the gradient by {} gates is not of their shape", context.gates.shape().str());
    fit(out.values, latents.values);
    fit(out.matrix, latents.matrix);
    fit(out.shift, latents.shift);
    for (Tensor* sums : {&out.matrix, &out.shift}) {
        clear_bytes(sums->raw(), device, sums->bytes(), stream);
    }
    const LatentGradient gradient{
        .by_column = by_column.data<float>(),
        .by_values = out.values.data<float>(),
        .by_matrix = out.matrix.data<float>(),
        .by_shift = out.shift.data<float>(),
        .by_gates = by_gates == nullptr ? nullptr : by_gates->data<float>()};
    if (rows.count > 0) {
        device == Device::Cpu ? decode_latents_backward_cpu(rows, gradient)
                              : decode_latents_backward_cuda(rows, gradient, stream);
    }
}

}  // namespace longtake::gaussians
