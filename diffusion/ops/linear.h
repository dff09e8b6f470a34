#pragma once

#include "core/tensor.h"
#include "diffusion/ops/workspace.h"

#include <cstdint>
#include <memory>

namespace longtake::diffusion {

// What a Linear does with its result r = W x + b before it reaches memory.
struct Epilogue {
    enum class Kind : uint8_t { Store, Gelu, Add };
    Kind kind = Kind::Store;
    const Tensor* gate = nullptr;  // [out] fp32, with Add only
    // With Add only: what y became is normed, see layer_norm.
    struct Norm {
        const Tensor *gain, *bias;
        double eps;
        Tensor* out;  // null: not normed
    } norm = {};

    static Epilogue store() { return {}; }                                  // y = r
    static Epilogue gelu() { return {Kind::Gelu}; }                         // y = GELU_tanh(r)
    static Epilogue add() { return {Kind::Add}; }                           // y += r
    static Epilogue gated_add(const Tensor& g) { return {Kind::Add, &g}; }  // y += g r
    Epilogue then_norm(const Tensor& gain, const Tensor& bias, double eps, Tensor& out) const {
        return {kind, gate, {&gain, &bias, eps, &out}};
    }
};

// y = W x + b with weights packed once for the machine. Immutable: sessions share it.
class Linear {
  public:
    Linear() = default;
    // weight [out, in], bias [out] or empty; any float type. `compute` (F32, BF16 or, on a GPU,
    // F8E4M3) is the element type of x and of the packed weights; sums are fp32. Weights in fp8 are
    // scaled to its range, x is taken as it is.
    Linear(const Tensor& weight, const Tensor& bias, DType compute, Device device = Device::Cpu);

    // x [rows, in] of the compute type, y [rows, out] fp32 or of the compute type, of fp8 products
    // also bf16; fp32 when the epilogue adds to it.
    void operator()(const Tensor& x, Tensor& y, Workspace& workspace,
                    const Epilogue& epilogue = {}) const;

    int64_t in() const { return in_; }
    int64_t out() const { return out_; }
    DType compute() const { return compute_; }
    // How many rows are best left to one thread, which then takes them through other ops as well;
    // 0 where threads share the product.
    int64_t rows_alone() const;

    class Backend;

  private:
    int64_t in_ = 0, out_ = 0;
    DType compute_ = DType::F32;
    Device device_ = Device::Cpu;
    std::shared_ptr<const Backend> backend_;
};

class Linear::Backend {
  public:
    virtual ~Backend() = default;
    virtual void run(const Tensor& x, Tensor& y, Workspace& workspace,
                     const Epilogue& epilogue) const = 0;
    // Whether run goes as far as the epilogue's norm.
    virtual bool norms() const { return false; }
    virtual int64_t rows_alone() const { return 0; }  // see Linear
};

// What suits this CPU best, of those below.
std::shared_ptr<const Linear::Backend> make_linear_cpu(const Tensor& weight, const Tensor& bias,
                                                       DType compute);
std::shared_ptr<const Linear::Backend> make_linear_onednn(const Tensor& weight, const Tensor& bias,
                                                          DType compute);
// bf16. Throws Error where the CPU lacks AMX, or the weights' shape does not fit its tiles.
std::shared_ptr<const Linear::Backend> make_linear_amx(const Tensor& weight, const Tensor& bias);
bool amx_suits(const Tensor& weight);
// fp32. Throws Error where the CPU lacks AVX2.
std::shared_ptr<const Linear::Backend> make_linear_avx2(const Tensor& weight, const Tensor& bias);
// bf16 for CPUs that multiply fp32 faster, or nothing else: converts on the way in and out.
std::shared_ptr<const Linear::Backend> make_linear_widened(const Tensor& weight,
                                                           const Tensor& bias);

// cuBLASLt.
std::shared_ptr<const Linear::Backend> make_linear_cuda(const Tensor& weight, const Tensor& bias,
                                                        DType compute);

// The faster compute type of this machine.
DType preferred_compute_type(Device device = Device::Cpu);

}  // namespace longtake::diffusion
