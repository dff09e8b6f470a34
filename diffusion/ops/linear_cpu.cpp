#include "core/error.h"
#include "diffusion/ops/linear.h"
#include "diffusion/ops/onednn.h"
#include "diffusion/ops/panels.h"

namespace longtake::diffusion {

std::shared_ptr<const Linear::Backend> make_linear_cpu(const Tensor& weight, const Tensor& bias,
                                                       DType compute) {
    if (compute == DType::BF16 && preferred_compute_type() != DType::BF16) {
        return make_linear_widened(weight, bias);
    }
    if (compute == DType::BF16 && amx_suits(weight)) {
        return make_linear_amx(weight, bias);
    }
    // Below AVX-512, oneDNN's products allocate, take their gated sums to the reference (500 times
    // slower) and differ in the last bit with the number of threads.
    if (compute == DType::F32 && Panels::suit_this_cpu()) {
        return make_linear_avx2(weight, bias);
    }
    return make_linear_onednn(weight, bias, compute);
}

DType preferred_compute_type(Device device) {
    if (device == Device::Cuda) {
        return DType::BF16;
    }
    // AMX multiplies bf16 many times faster than fp32; AVX512_BF16 alone is no faster than fp32
    // on the Intel cores that have it, and twice as fast on AMD's.
    const bool bf16_units = __builtin_cpu_is("amd") && onednn::has(dnnl::cpu_isa::avx512_core_bf16);
    return onednn::has(dnnl::cpu_isa::avx512_core_amx) || bf16_units ? DType::BF16 : DType::F32;
}

}  // namespace longtake::diffusion
