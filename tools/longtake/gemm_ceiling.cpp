#include "tools/longtake/gemm_ceiling.h"

#include "generator/noise.h"
#include "generator/stopwatch.h"

#include <algorithm>

namespace longtake::cli {
namespace {

constexpr int64_t kSide = 1536;

}  // namespace

GemmCeiling::GemmCeiling(DType compute) {
    // bf16 is multiplied as fp32 where that is the faster way, or the only one.
    compute = diffusion::preferred_compute_type() == DType::BF16 ? compute : DType::F32;
    Tensor weight({kSide, kSide}, DType::F32), x({kSide, kSide}, DType::F32);
    generator::fill_gaussian({.seed = 1}, weight.values<float>());
    generator::fill_gaussian({.seed = 2}, x.values<float>());
    product_ = diffusion::make_linear_onednn(weight, Tensor(), compute);
    x_ = x.to(compute);
    y_ = Tensor({kSide, kSide}, compute);
    measure();
}

double GemmCeiling::measure() {
    double best = 0;
    for (int i = 0; i < 3; ++i) {  // the first finds its matrices out of the caches
        const generator::Stopwatch watch;
        product_->run(x_, y_, workspace_, diffusion::Epilogue::store());
        best = std::max(best, 2e-9 * kSide * kSide * kSide / watch.seconds());
    }
    return best;
}

}  // namespace longtake::cli
