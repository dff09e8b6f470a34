#include "diffusion/ops/attention_cuda.h"

#include <cstdint>

namespace longtake::diffusion {
namespace {

bool aligned(const void* p) {
    return reinterpret_cast<uintptr_t>(p) % 16 == 0;
}

}  // namespace

void attention_cuda(const AttentionProblem& p, Workspace& workspace) {
    const bool flash = p.dtype == DType::BF16 && p.head_dim % 8 == 0 && aligned(p.q) &&
                       aligned(p.keys) && aligned(p.values) && aligned(p.out);
    if (flash && attention_cuda_hopper_fits(p)) {
        attention_cuda_hopper(p, workspace);
    } else if (flash) {
        attention_cuda_flash(p, workspace.stream());
    } else {
        attention_cuda_plain(p, workspace.stream());
    }
}

}  // namespace longtake::diffusion
