#include "diffusion/ops/linear_cuda.h"

#include "core/error.h"
#include "diffusion/ops/layer_norm.h"
#include "diffusion/ops/linear.h"
#include "diffusion/ops/workspace_cuda.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace longtake::diffusion {
namespace {

cudaDataType_t type_of(DType t) {
    return t == DType::BF16 ? CUDA_R_16BF : t == DType::F8E4M3 ? CUDA_R_8F_E4M3 : CUDA_R_32F;
}

MatrixLayout layout(DType t, int64_t rows, int64_t columns) {
    cublasLtMatrixLayout_t made = nullptr;
    cublas_check(cublasLtMatrixLayoutCreate(&made, type_of(t), static_cast<uint64_t>(rows),
                                            static_cast<uint64_t>(columns), rows),
                 "describing a matrix");
    return {made, [](cublasLtMatrixLayout_t m) { cublasLtMatrixLayoutDestroy(m); }};
}

template <typename T>
void set(const MatmulDesc& desc, cublasLtMatmulDescAttributes_t name, const T& value) {
    cublas_check(cublasLtMatmulDescSetAttribute(desc.get(), name, &value, sizeof(value)),
                 "describing a product");
}

// The type of what is not multiplied: fp8 is for the operands of products.
DType plain(DType compute) {
    return compute == DType::F8E4M3 ? DType::BF16 : compute;
}
DType bias_type(DType compute, DType y) {
    return compute == DType::F8E4M3 ? DType::BF16 : y;
}

MatmulDesc describe(cublasLtEpilogue_t epilogue, DType compute, DType y) {
    cublasLtMatmulDesc_t made = nullptr;
    cublas_check(cublasLtMatmulDescCreate(&made, CUBLAS_COMPUTE_32F, CUDA_R_32F),
                 "describing a product");
    MatmulDesc desc(made, [](cublasLtMatmulDesc_t d) { cublasLtMatmulDescDestroy(d); });
    set(desc, CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T);
    set(desc, CUBLASLT_MATMUL_DESC_TRANSB, CUBLAS_OP_N);
    set(desc, CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue);
    set(desc, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, type_of(bias_type(compute, y)));
    if (compute == DType::F8E4M3) {
        set(desc, CUBLASLT_MATMUL_DESC_FAST_ACCUM, int8_t{1});  // Hopper's full speed
    }
    return desc;
}

// The largest power of two, up to 256, that divides all these addresses.
uint32_t alignment_of(std::initializer_list<const void*> pointers) {
    uintptr_t bits = 256;
    for (const void* p : pointers) {
        bits |= reinterpret_cast<uintptr_t>(p);
    }
    return static_cast<uint32_t>(bits & (~bits + 1));
}

// cuBLASLt's first choice for a product, or nothing when it has none.
std::unique_ptr<MatmulPlan> make_plan(const MatmulKey& key, const void* bias,
                                      cublasLtHandle_t handle) {
    const auto [rows, in, out, compute, y, epilogue, adds, alignment] = key;
    // Row-major y [rows, out] = x [rows, in] W^T is, column by column, y [out, rows] = W x.
    auto plan = std::make_unique<MatmulPlan>(MatmulPlan{describe(epilogue, compute, y),
                                                        layout(compute, in, out),
                                                        layout(compute, in, rows),
                                                        layout(y, out, rows),
                                                        layout(plain(y), out, rows),
                                                        {}});
    set(plan->desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
    cublasLtMatmulPreference_t made = nullptr;
    cublas_check(cublasLtMatmulPreferenceCreate(&made), "choosing an algorithm");
    const std::unique_ptr<cublasLtMatmulPreferenceOpaque_t, void (*)(cublasLtMatmulPreference_t)>
        preference(made, [](cublasLtMatmulPreference_t p) { cublasLtMatmulPreferenceDestroy(p); });
    const auto prefer = [&](cublasLtMatmulPreferenceAttributes_t name, const auto& value) {
        cublas_check(cublasLtMatmulPreferenceSetAttribute(made, name, &value, sizeof(value)),
                     "choosing an algorithm");
    };
    prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, uint64_t{Workspace::Gpu::kMatmulBytes});
    for (const auto name :
         {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
          CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES}) {
        prefer(name, alignment);
    }
    cublasLtMatmulHeuristicResult_t found{};
    int count = 0;
    const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
        handle, plan->desc.get(), plan->weight.get(), plan->x.get(), plan->added.get(),
        plan->y.get(), preference.get(), 1, &found, &count);
    if (status != CUBLAS_STATUS_SUCCESS || count == 0) {
        return nullptr;
    }
    plan->algorithm = found.algo;
    return plan;
}

class LinearCuda final : public Linear::Backend {
  public:
    LinearCuda(const Tensor& weight, const Tensor& bias, DType compute)
        : in_(weight.extent(1)), out_(weight.extent(0)), compute_(compute) {
        const Tensor values = bias.empty() ? Tensor::zeros({out_}) : bias.to(DType::F32);
        weight_ = (compute == DType::F8E4M3 ? scaled(weight) : weight).to(compute).to(Device::Cuda);
        bias_ = values.to(Device::Cuda);
        rounded_bias_ = values.to(plain(compute)).to(Device::Cuda);
    }

    bool norms() const override { return true; }

    void run(const Tensor& x, Tensor& y, Workspace& workspace,
             const Epilogue& epilogue) const override {
        const int64_t rows = x.extent(0);
        const GpuStream stream = workspace.stream();
        const bool adds = epilogue.kind == Epilogue::Kind::Add;
        if (epilogue.kind == Epilogue::Kind::Store) {
            return must(x, y.raw(), y.dtype(), workspace, adds);
        }
        if (epilogue.norm.out != nullptr) {
            return add_and_norm(x, y, workspace, epilogue);
        }
        if (epilogue.gate == nullptr &&
            multiply(x, y.raw(), y.dtype(), workspace,
                     adds ? CUBLASLT_EPILOGUE_BIAS : CUBLASLT_EPILOGUE_GELU_BIAS, adds)) {
            return;
        }
        if (adds) {
            void* r = plain_result(x, workspace);
            const float* gate = epilogue.gate == nullptr ? nullptr : epilogue.gate->data<float>();
            gated_add_cuda(r, plain(compute_), gate, y.data<float>(), rows, out_, stream);
        } else if (y.dtype() == DType::F8E4M3) {
            void* r = plain_result(x, workspace);
            gelu_cuda(r, plain(compute_), y.raw(), y.dtype(), rows * out_, stream);
        } else {
            must(x, y.raw(), y.dtype(), workspace, false);
            gelu_cuda(y.raw(), y.dtype(), y.raw(), y.dtype(), rows * out_, stream);
        }
    }

  private:
    void add_and_norm(const Tensor& x, Tensor& y, Workspace& workspace,
                      const Epilogue& epilogue) const {
        const auto& [gain, bias, eps, out] = epilogue.norm;
        const void* r = plain_result(x, workspace);
        const float* gate = epilogue.gate == nullptr ? nullptr : epilogue.gate->data<float>();
        const GpuStream stream = workspace.stream();
        if (!add_layer_norm_cuda(r, plain(compute_), gate, y, *gain, *bias, eps, *out, stream)) {
            gated_add_cuda(r, plain(compute_), gate, y.data<float>(), x.extent(0), out_, stream);
            layer_norm_cuda(y, *gain, *bias, eps, *out, stream);
        }
    }

    // Weights that use the range of fp8; products are scaled back.
    Tensor scaled(const Tensor& weight) {
        Tensor values = weight.to(DType::F32).clone();  // it may be a file's
        float largest = 0;
        for (const float v : values.values<float>()) {
            largest = std::max(largest, std::abs(v));
        }
        const float scale = largest > 0 ? largest / f8e4m3::kLargest : 1.F;
        for (float& v : values.values<float>()) {
            v /= scale;
        }
        Tensor one({1}, DType::F32);
        one.values<float>()[0] = scale;
        scale_ = one.to(Device::Cuda);
        return values;
    }

    void* plain_result(const Tensor& x, Workspace& workspace) const {
        const DType type = plain(compute_);
        void* r = workspace.scratch(static_cast<size_t>(x.extent(0) * out_) * size_of(type));
        must(x, r, type, workspace, false);
        return r;
    }

    void must(const Tensor& x, void* y, DType type, Workspace& workspace, bool adds) const {
        if (multiply(x, y, type, workspace, CUBLASLT_EPILOGUE_BIAS, adds)) {
            return;
        }
        check(multiply(x, y, type, workspace, CUBLASLT_EPILOGUE_DEFAULT, adds),
              "linear: cuBLASLt cannot multiply {} by [{}, {}] in {}", x.shape().str(), out_, in_,
              name_of(compute_));
        bias_cuda(y, type, bias_.data<float>(), x.extent(0), out_, workspace.stream());
    }

    // False when cuBLASLt does not do this.
    bool multiply(const Tensor& x, void* y, DType type, Workspace& workspace,
                  cublasLtEpilogue_t epilogue, bool adds) const {
        Workspace::Gpu& gpu = workspace.gpu();
        const MatmulKey key{x.extent(0), in_,      out_, compute_,
                            type,        epilogue, adds, alignment_of({x.raw(), y, weight_.raw()})};
        const void* bias =
            bias_type(compute_, type) == DType::F32 ? bias_.raw() : rounded_bias_.raw();
        auto at = gpu.plans.find(key);
        if (at == gpu.plans.end()) {
            at = gpu.plans.emplace(key, make_plan(key, bias, gpu.handle)).first;
        }
        const MatmulPlan* plan = at->second.get();
        if (plan == nullptr) {
            return false;
        }
        set(plan->desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
        if (!scale_.empty()) {
            set(plan->desc, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, scale_.raw());
        }
        const float one = 1.F, beta = adds ? 1.F : 0.F;
        const void* added = type == DType::F8E4M3 ? nullptr : y;
        cublas_check(
            cublasLtMatmul(gpu.handle, plan->desc.get(), &one, weight_.raw(), plan->weight.get(),
                           x.raw(), plan->x.get(), &beta, added, plan->added.get(), y,
                           plan->y.get(), &plan->algorithm, gpu.matmul_room.raw(),
                           Workspace::Gpu::kMatmulBytes, gpu.stream),
            "multiplying");
        return true;
    }

    int64_t in_, out_;
    DType compute_;
    Tensor weight_;               // [out, in]
    Tensor bias_, rounded_bias_;  // [out]; which one is added depends on the type of y
    Tensor scale_;                // [1] of fp8 weights
};

}  // namespace

std::shared_ptr<const Linear::Backend> make_linear_cuda(const Tensor& weight, const Tensor& bias,
                                                        DType compute) {
    return std::make_shared<LinearCuda>(weight, bias, compute);
}

}  // namespace longtake::diffusion
