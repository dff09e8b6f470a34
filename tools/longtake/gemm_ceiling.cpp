#include "tools/longtake/gemm_ceiling.h"

#include "generator/noise.h"
#include "generator/stopwatch.h"

#include <algorithm>
#include <cmath>

namespace longtake::cli {
namespace {

Tensor random_square(int64_t side, uint64_t seed) {
    Tensor square({side, side}, DType::F32);
    generator::fill_gaussian({.seed = seed}, square.values<float>());
    return square;
}

}  // namespace

GemmCeiling::GemmCeiling(DType compute, Device device)
    : side_(device == Device::Cuda ? 8192 : 1536), workspace_(device) {
    if (device == Device::Cpu && diffusion::preferred_compute_type() != DType::BF16) {
        compute = DType::F32;  // bf16 is multiplied as fp32 where that is the faster way
    }
    const Tensor weight = random_square(side_, 1);
    product_ = device == Device::Cuda ? diffusion::make_linear_cuda(weight, Tensor(), compute)
                                      : diffusion::make_linear_onednn(weight, Tensor(), compute);
    x_ = random_square(side_, 2).to(compute).to(device);
    y_ = Tensor({side_, side_}, compute, device);
    measure();
}

double GemmCeiling::measure() {
    double best = 0;
    for (int i = 0; i < 3; ++i) {  // the first finds its matrices out of the caches
        const generator::Stopwatch watch;
        product_->run(x_, y_, workspace_, diffusion::Epilogue::store());
        workspace_.synchronize();
        best = std::max(best, 2e-9 * std::pow(static_cast<double>(side_), 3) / watch.seconds());
    }
    return best;
}

}  // namespace longtake::cli
