#include "diffusion/ops/attention_cuda.h"

#include "core/error.h"

#include <algorithm>
#include <cstdint>

namespace longtake::diffusion {
namespace {

bool aligned(const void* p) {
    return reinterpret_cast<uintptr_t>(p) % 16 == 0;
}

bool fits_flash(const AttentionProblem& p) {
    return p.dtype == DType::BF16 && p.head_dim % 8 == 0 && aligned(p.q) && aligned(p.keys) &&
           aligned(p.values) && aligned(p.out);
}

bool fits_hopper(const AttentionProblem& p) {
    return (fits_flash(p) || p.dtype == DType::F8E4M3) && attention_cuda_hopper_fits(p);
}

}  // namespace

void attention_cuda(std::span<const AttentionProblem> problems, Workspace& workspace) {
    if (std::ranges::all_of(problems, fits_flash) && std::ranges::none_of(problems, fits_hopper)) {
        return attention_cuda_flash(problems, workspace);
    }
    for (const AttentionProblem& p : problems) {
        if (fits_hopper(p)) {
            attention_cuda_hopper(p, workspace);
            continue;
        }
        check(p.dtype != DType::F8E4M3,
              "attention: fp8 takes a Hopper GPU, heads of 128 and no biases");
        fits_flash(p) ? attention_cuda_flash({&p, 1}, workspace)
                      : attention_cuda_plain(p, workspace.stream());
    }
}

}  // namespace longtake::diffusion
