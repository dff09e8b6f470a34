#include "diffusion/ops/frame_attention_cuda.h"

#include "diffusion/ops/frame_attention.h"
#include "diffusion/ops/workspace_cuda.h"

#include <cmath>

namespace longtake::diffusion {
namespace {

cudaDataType_t type_of(DType t) {
    return t == DType::BF16 ? CUDA_R_16BF : CUDA_R_32F;
}

// A matrix as cuBLASLt has them: column by column, `pitch` elements apart.
struct Matrix {
    const void* data;
    DType type;
    int64_t rows, columns, pitch;
    bool turned = false;
};

MatrixLayout layout(const Matrix& m) {
    cublasLtMatrixLayout_t made = nullptr;
    cublas_check(cublasLtMatrixLayoutCreate(&made, type_of(m.type), static_cast<uint64_t>(m.rows),
                                            static_cast<uint64_t>(m.columns), m.pitch),
                 "describing a matrix");
    return {made, [](cublasLtMatrixLayout_t l) { cublasLtMatrixLayoutDestroy(l); }};
}

// c = a b; cuBLASLt chooses how.
void multiply(const Matrix& a, const Matrix& b, const Matrix& c, Workspace::Gpu& gpu) {
    cublasLtMatmulDesc_t made = nullptr;
    cublas_check(cublasLtMatmulDescCreate(&made, CUBLAS_COMPUTE_32F, CUDA_R_32F),
                 "describing a product");
    const MatmulDesc desc(made, [](cublasLtMatmulDesc_t d) { cublasLtMatmulDescDestroy(d); });
    const cublasOperation_t turn = a.turned ? CUBLAS_OP_T : CUBLAS_OP_N;
    cublas_check(
        cublasLtMatmulDescSetAttribute(made, CUBLASLT_MATMUL_DESC_TRANSA, &turn, sizeof(turn)),
        "describing a product");
    const MatrixLayout left = layout(a), right = layout(b), result = layout(c);
    const float one = 1.F, zero = 0.F;
    cublas_check(
        cublasLtMatmul(gpu.handle, made, &one, a.data, left.get(), b.data, right.get(), &zero,
                       c.data, result.get(), const_cast<void*>(c.data), result.get(), nullptr,
                       gpu.matmul_room.raw(), Workspace::Gpu::kMatmulBytes, gpu.stream),
        "multiplying");
}

}  // namespace

// Frame by frame, all logits of a frame at once.
void frame_attention_cuda(const Tensor& qkv, Tensor& out, Workspace& workspace) {
    const int64_t pixels = out.extent(1) * out.extent(2), channels = out.extent(3);
    const DType type = qkv.dtype();
    const auto size = static_cast<int64_t>(size_of(type));
    auto* logits = static_cast<float*>(
        workspace.scratch(static_cast<size_t>(pixels * pixels) * sizeof(float)));
    for (int64_t t = 0; t < out.extent(0); ++t) {
        const auto part = [&](int64_t i) {
            return static_cast<const std::byte*>(qkv.raw()) +
                   (t * pixels * 3 + i) * channels * size;
        };
        // Row-major [pixels, C] is, column by column, [C, pixels].
        const Matrix q{part(0), type, channels, pixels, 3 * channels};
        const Matrix k{part(1), type, channels, pixels, 3 * channels, true};
        const Matrix v{part(2), type, channels, pixels, 3 * channels};
        multiply(k, q, {logits, DType::F32, pixels, pixels, pixels}, workspace.gpu());
        softmax_in_place_cuda(logits, pixels, pixels, 1.F / std::sqrt(static_cast<float>(channels)),
                              type, workspace.stream());
        const Matrix weights{logits, type, pixels, pixels, pixels * 4 / size};
        const Tensor frame = out.slice(t, t + 1);
        multiply(v, weights, {frame.raw(), type, channels, pixels, channels}, workspace.gpu());
    }
}

}  // namespace longtake::diffusion
