#include "tools/longtake/gemm_ceiling.h"

#include "diffusion/ops/linear.h"
#include "generator/noise.h"
#include "generator/stopwatch.h"

#include <algorithm>

namespace longtake::cli {

double gemm_ceiling(DType compute) {
    constexpr int64_t kSide = 1536;
    Tensor weight({kSide, kSide}, DType::F32), x({kSide, kSide}, DType::F32);
    generator::fill_gaussian({.seed = 1}, weight.values<float>());
    generator::fill_gaussian({.seed = 2}, x.values<float>());
    const diffusion::Linear linear(weight, Tensor(), compute);
    const Tensor input = x.to(compute);
    Tensor y({kSide, kSide}, compute);
    diffusion::Workspace workspace;
    double best = 0;
    for (const generator::Stopwatch all; all.seconds() < 0.5;) {
        const generator::Stopwatch watch;
        linear(input, y, workspace);
        best = std::max(best, 2e-9 * kSide * kSide * kSide / watch.seconds());
    }
    return best;
}

}  // namespace longtake::cli
