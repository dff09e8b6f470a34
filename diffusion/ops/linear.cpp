#include "diffusion/ops/linear.h"

#include "core/error.h"
#include "diffusion/ops/layer_norm.h"

namespace longtake::diffusion {

Linear::Linear(const Tensor& weight, const Tensor& bias, DType compute, Device device)
    : compute_(compute), device_(device) {
    check(weight.shape().rank() == 2, "linear: weight {} is not a matrix", weight.shape().str());
    in_ = weight.extent(1);
    out_ = weight.extent(0);
    check(bias.empty() || bias.shape() == Shape{out_}, "linear: bias {} for {} outputs",
          bias.shape().str(), out_);
    check(compute == DType::F32 || compute == DType::BF16 ||
              (compute == DType::F8E4M3 && device == Device::Cuda),
          "linear: cannot compute in {}", name_of(compute));
    backend_ = device == Device::Cpu ? make_linear_cpu(weight, bias, compute)
                                     : make_linear_cuda(weight, bias, compute);
}

int64_t Linear::rows_alone() const {
    return backend_->rows_alone();
}

void Linear::operator()(const Tensor& x, Tensor& y, Workspace& workspace,
                        const Epilogue& epilogue) const {
    check(x.shape().rank() == 2 && x.extent(1) == in_ && x.dtype() == compute_,
          "linear: input {} {} for weights [{}, {}] in {}", name_of(x.dtype()), x.shape().str(),
          out_, in_, name_of(compute_));
    check(y.shape().rank() == 2 && y.extent(0) == x.extent(0) && y.extent(1) == out_ &&
              (y.dtype() == DType::F32 || y.dtype() == compute_ ||
               (y.dtype() == DType::BF16 && compute_ == DType::F8E4M3)),
          "linear: output {} {} for input {}", name_of(y.dtype()), y.shape().str(),
          x.shape().str());
    check(epilogue.kind != Epilogue::Kind::Add || y.dtype() == DType::F32,
          "linear: adds to fp32, not to {}", name_of(y.dtype()));
    const Epilogue::Norm& norm = epilogue.norm;
    check(norm.out == nullptr ||
              (epilogue.kind == Epilogue::Kind::Add && norm.out->shape() == y.shape() &&
               norm.gain->count() == out_ && norm.bias->count() == out_),
          "linear: only what was added to is normed, with as many gains and biases");
    check(epilogue.gate == nullptr || epilogue.gate->count() == out_,
          "linear: gate of {} values for {} outputs",
          epilogue.gate == nullptr ? 0 : epilogue.gate->count(), out_);
    check(x.device() == device_ && y.device() == device_ && workspace.device() == device_ &&
              (epilogue.gate == nullptr || epilogue.gate->device() == device_),
          "linear: tensors of two devices");
    if (x.extent(0) > 0) {
        backend_->run(x, y, workspace, epilogue);
        if (norm.out != nullptr && !backend_->norms()) {
            layer_norm(y, *norm.gain, *norm.bias, norm.eps, *norm.out);
        }
    }
}

}  // namespace longtake::diffusion
