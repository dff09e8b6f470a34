#include "core/error.h"
#include "core/parallel.h"
#include "diffusion/ops/rms_norm.h"
#include "diffusion/ops/row_kernels.h"

#include <array>
#include <cstring>

namespace longtake::diffusion {
namespace {

// rms_norm, row by row.
class RowNorm {
  public:
    RowNorm(const Tensor& x, int64_t column, const Tensor& weight, double eps, Tensor& out,
            Rotation rotation, const RopeTable* table)
        : x_(static_cast<const std::byte*>(x.raw()) +
             static_cast<size_t>(column) * size_of(x.dtype())),
          out_(static_cast<std::byte*>(out.raw())),
          x_bytes_(static_cast<size_t>(x.extent(1)) * size_of(x.dtype())),
          head_dim_(out.extent(2)),
          d_(out.extent(1) * head_dim_),
          out_bytes_(static_cast<size_t>(d_) * size_of(out.dtype())),
          weight_(weight.data<float>()),
          eps_(static_cast<float>(eps)),
          rotation_(rotation),
          table_(table),
          normalize_(row_kernels(head_dim_).rms_norm[x.dtype()][out.dtype()]) {
        for (const DType t : {x.dtype(), out.dtype()}) {
            check(t == DType::F32 || t == DType::BF16, "rms_norm: no rows in {}", name_of(t));
        }
        check(rotation == Rotation::None || head_dim_ <= kMaxHeadDim,
              "rms_norm: head_dim {} is too large", head_dim_);
    }

    void operator()(int64_t r) const {
        std::array<float, kMaxHeadDim> cosines, sines;
        HeadTurn turn;
        if (rotation_ != Rotation::None) {
            table_->token(r, rotation_ == Rotation::SpaceAndTime, cosines.data(), sines.data());
            turn = {cosines.data(), sines.data()};
        }
        const auto row = static_cast<size_t>(r);
        normalize_(x_ + row * x_bytes_, weight_, d_, eps_, turn, head_dim_,
                   out_ + row * out_bytes_);
    }

  private:
    const std::byte* x_;
    std::byte* out_;
    size_t x_bytes_;
    int64_t head_dim_, d_;
    size_t out_bytes_;
    const float* weight_;
    float eps_;
    Rotation rotation_;
    const RopeTable* table_;
    RowKernels::RmsNorm normalize_;
};

}  // namespace

void rms_norm_cpu(const Tensor& x, int64_t column, const Tensor& weight, double eps, Tensor& out,
                  Rotation rotation, const RopeTable* table) {
    parallel_for(x.extent(0), RowNorm(x, column, weight, eps, out, rotation, table));
}

void split_qkv_cpu(const Tensor& qkv, const Tensor& q_weight, const Tensor& k_weight, double eps,
                   const RopeTable& table, Tensor& q, Tensor& k, Tensor& v) {
    const int64_t d = q.extent(1) * q.extent(2);
    const RowNorm queries(qkv, 0, q_weight, eps, q, Rotation::SpaceAndTime, &table);
    const RowNorm keys(qkv, d, k_weight, eps, k, Rotation::Space, &table);
    check(v.dtype() == qkv.dtype(), "split_qkv: values in {} from {}", name_of(v.dtype()),
          name_of(qkv.dtype()));
    const auto row = static_cast<size_t>(d) * size_of(v.dtype());
    const auto* values = static_cast<const std::byte*>(qkv.raw()) + 2 * row;
    auto* to = static_cast<std::byte*>(v.raw());
    parallel_for(qkv.extent(0), [&](int64_t r) {
        queries(r);
        keys(r);
        std::memcpy(to + static_cast<size_t>(r) * row, values + static_cast<size_t>(r) * 3 * row,
                    row);
    });
}

}  // namespace longtake::diffusion
