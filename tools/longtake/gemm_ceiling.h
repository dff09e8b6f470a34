#pragma once

#include "core/dtype.h"

namespace longtake::cli {

// What oneDNN's matrix product reaches on this machine, in GFLOP/s: the best of repeated
// products of two large square matrices over about half a second.
double gemm_ceiling(DType compute);

}  // namespace longtake::cli
