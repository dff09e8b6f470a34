#include "diffusion/ops/rms_norm.h"

#include "core/error.h"
#include "diffusion/ops/layout.h"

namespace longtake::diffusion {

void rms_norm(const Tensor& x, int64_t column, const Tensor& weight, double eps, Tensor& out,
              Rotation rotation, const RopeTable* table, GpuStream stream) {
    check(x.shape().rank() == 2 && out.shape().rank() == 3 && out.extent(0) == x.extent(0),
          "rms_norm: {} into {}", x.shape().str(), out.shape().str());
    const int64_t d = out.extent(1) * out.extent(2);
    check(weight.count() == d && column >= 0 && column + d <= x.extent(1),
          "rms_norm: {} weights, columns [{}, {}) of {}", weight.count(), column, column + d,
          x.shape().str());
    check((rotation == Rotation::None) == (table == nullptr) &&
              (table == nullptr || table->axes().pairs() * 2 == out.extent(2)),
          "rms_norm: the rotation does not fit heads of {}", out.extent(2));
    check(out.device() == x.device() && weight.device() == x.device() &&
              (table == nullptr || table->device() == x.device()),
          "rms_norm: tensors of two devices");
    x.device() == Device::Cpu ? rms_norm_cpu(x, column, weight, eps, out, rotation, table)
                              : rms_norm_cuda(x, column, weight, eps, out, rotation, table, stream);
}

void split_qkv(const Tensor& qkv, const Tensor& q_weight, const Tensor& k_weight, double eps,
               const RopeTable& table, Tensor& q, Tensor& k, Tensor& v, GpuStream stream) {
    const int64_t d = q.extent(1) * q.extent(2);
    check(k.shape() == q.shape() && v.shape() == q.shape() && qkv.extent(1) == 3 * d &&
              k.dtype() == q.dtype() && v.dtype() == q.dtype(),
          "split_qkv: {} into {}, {} and {}", qkv.shape().str(), q.shape().str(), k.shape().str(),
          v.shape().str());
    if (qkv.device() == Device::Cuda &&
        split_qkv_cuda(qkv, q_weight, k_weight, eps, table, q, k, v, stream)) {
        return;
    }
    if (qkv.device() == Device::Cpu) {
        return split_qkv_cpu(qkv, q_weight, k_weight, eps, table, q, k, v);
    }
    rms_norm(qkv, 0, q_weight, eps, q, Rotation::SpaceAndTime, &table, stream);
    rms_norm(qkv, d, k_weight, eps, k, Rotation::Space, &table, stream);
    copy_columns(qkv, 2 * d, v, stream);
}

}  // namespace longtake::diffusion
