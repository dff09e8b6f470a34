#include "core/error.h"
#include "core/parallel.h"
#include "diffusion/ops/rms_norm.h"
#include "diffusion/ops/row_kernels.h"

#include <array>

namespace longtake::diffusion {

void rms_norm_cpu(const Tensor& x, int64_t column, const Tensor& weight, double eps, Tensor& out,
                  Rotation rotation, const RopeTable* table) {
    for (const DType t : {x.dtype(), out.dtype()}) {
        check(t == DType::F32 || t == DType::BF16, "rms_norm: no rows in {}", name_of(t));
    }
    const int64_t head_dim = out.extent(2), d = out.extent(1) * head_dim, stride = x.extent(1);
    check(rotation == Rotation::None || head_dim <= kMaxHeadDim, "rms_norm: head_dim {} is too large", head_dim);
    const auto normalize = row_kernels(head_dim).rms_norm[x.dtype()][out.dtype()];
    const auto* from = static_cast<const std::byte*>(x.raw());
    auto* to = static_cast<std::byte*>(out.raw());
    const float* w = weight.data<float>();
    parallel_for(
        x.extent(0), [=, in = size_of(x.dtype()), result = size_of(out.dtype())](int64_t r) {
            std::array<float, kMaxHeadDim> cosines, sines;
            HeadTurn turn;
            if (rotation != Rotation::None) {
                table->token(r, rotation == Rotation::SpaceAndTime, cosines.data(), sines.data());
                turn = {cosines.data(), sines.data()};
            }
            normalize(from + static_cast<size_t>(r * stride + column) * in, w, d,
                      static_cast<float>(eps), turn, head_dim,
                      to + static_cast<size_t>(r * d) * result);
        });
}

}  // namespace longtake::diffusion
