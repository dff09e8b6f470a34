#pragma once

#include "core/cuda.h"
#include "core/dtype.h"
#include "core/tensor.h"
#include "diffusion/ops/workspace.h"

#include <cublasLt.h>

#include <map>
#include <memory>
#include <tuple>
#include <vector>

namespace longtake::diffusion {

// Throws Error with cuBLASLt's own words.
void cublas_check(cublasStatus_t status, const char* doing);

using MatmulDesc = std::unique_ptr<cublasLtMatmulDescOpaque_t, void (*)(cublasLtMatmulDesc_t)>;
using MatrixLayout =
    std::unique_ptr<cublasLtMatrixLayoutOpaque_t, void (*)(cublasLtMatrixLayout_t)>;

// What a product of one shape needs of cuBLASLt.
struct MatmulPlan {
    MatmulDesc desc;
    MatrixLayout weight, x, y, added;  // y as it is read: fp8 cannot be added to
    cublasLtMatmulAlgo_t algorithm;
};

// rows, in, out, compute, type of y, epilogue, whether y is added to, alignment of the pointers
using MatmulKey =
    std::tuple<int64_t, int64_t, int64_t, DType, DType, cublasLtEpilogue_t, bool, uint32_t>;

class Workspace::Gpu {
  public:
    static constexpr size_t kMatmulBytes = size_t{32} << 20;  // what cuBLASLt wants on Hopper

    explicit Gpu(bool urgent);

    CudaStream stream;
    cublasLtHandle_t handle;  // of the process
    Tensor matmul_room;
    std::map<MatmulKey, std::unique_ptr<MatmulPlan>> plans;  // null: cuBLASLt cannot do it
    static constexpr size_t kMostRecordings = 64;
    std::map<std::vector<uint64_t>, CudaGraph> recordings;  // empty: seen once
};

}  // namespace longtake::diffusion
