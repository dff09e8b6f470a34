#pragma once

#include "core/dtype.h"
#include "core/error.h"

#include <dnnl.hpp>

// What the CPU halves of the ops share of oneDNN, versions 2 and 3.
namespace longtake::diffusion::onednn {

inline const dnnl::engine& engine() {
    static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
    return cpu;
}

inline dnnl::memory::data_type type_of(DType t) {
    return t == DType::BF16 ? dnnl::memory::data_type::bf16 : dnnl::memory::data_type::f32;
}

// Whether oneDNN uses this: what the machine has, or less where ONEDNN_MAX_CPU_ISA says so.
inline bool has(dnnl::cpu_isa wanted) {
    const int bits = static_cast<int>(wanted);
    return (static_cast<int>(dnnl::get_effective_cpu_isa()) & bits) == bits;
}

inline void must(dnnl_status_t status, const char* what) {
    check(status == dnnl_success, "oneDNN: {} failed with status {}", what,
          static_cast<int>(status));
}

inline void append_relu(dnnl::post_ops& ops) {
#if DNNL_VERSION_MAJOR >= 3
    ops.append_eltwise(dnnl::algorithm::eltwise_relu, 0.F, 0.F);
#else
    ops.append_eltwise(1.F, dnnl::algorithm::eltwise_relu, 0.F, 0.F);
#endif
}

}  // namespace longtake::diffusion::onednn
