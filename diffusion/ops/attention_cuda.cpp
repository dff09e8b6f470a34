#include "diffusion/ops/attention_cuda.h"

#include "core/error.h"

#include <cstdint>

namespace longtake::diffusion {
namespace {

bool aligned(const void* p) {
    return reinterpret_cast<uintptr_t>(p) % 16 == 0;
}

}  // namespace

void attention_cuda(const AttentionProblem& p, Workspace& workspace) {
    const bool bf16 = p.dtype == DType::BF16 && p.head_dim % 8 == 0 && aligned(p.q) &&
                      aligned(p.keys) && aligned(p.values) && aligned(p.out);
    if ((bf16 || p.dtype == DType::F8E4M3) && attention_cuda_hopper_fits(p)) {
        return attention_cuda_hopper(p, workspace);
    }
    check(p.dtype != DType::F8E4M3,
          "attention: fp8 takes a Hopper GPU, heads of 128 and no biases");
    bf16 ? attention_cuda_flash(p, workspace) : attention_cuda_plain(p, workspace.stream());
}

}  // namespace longtake::diffusion
