#include "tools/longtake/gemm_ceiling.h"

#include "diffusion/ops/linear.h"
#include "generator/noise.h"
#include "generator/stopwatch.h"

#include <algorithm>

namespace longtake::cli {

double gemm_ceiling(DType compute) {
    // bf16 is multiplied as fp32 where that is the faster way, or the only one.
    compute = diffusion::preferred_compute_type() == DType::BF16 ? compute : DType::F32;
    constexpr int64_t kSide = 1536;
    Tensor weight({kSide, kSide}, DType::F32), x({kSide, kSide}, DType::F32);
    generator::fill_gaussian({.seed = 1}, weight.values<float>());
    generator::fill_gaussian({.seed = 2}, x.values<float>());
    const auto linear = diffusion::make_linear_onednn(weight, Tensor(), compute);
    const Tensor input = x.to(compute);
    Tensor y({kSide, kSide}, compute);
    diffusion::Workspace workspace;
    double best = 0;
    for (const generator::Stopwatch all; all.seconds() < 0.5;) {
        const generator::Stopwatch watch;
        linear->run(input, y, workspace, diffusion::Epilogue::store());
        best = std::max(best, 2e-9 * kSide * kSide * kSide / watch.seconds());
    }
    return best;
}

}  // namespace longtake::cli
