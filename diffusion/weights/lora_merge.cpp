#include "core/error.h"
#include "core/text.h"
#include "diffusion/ops/linear.h"
#include "diffusion/weights/lora.h"

namespace longtake::diffusion {
namespace {

Tensor transposed(const Tensor& matrix) {  // fp32
    const int64_t rows = matrix.extent(0), columns = matrix.extent(1);
    Tensor result({columns, rows}, DType::F32);
    for (int64_t r = 0; r < rows; ++r) {
        for (int64_t c = 0; c < columns; ++c) {
            result.data<float>()[c * rows + r] = matrix.data<float>()[r * columns + c];
        }
    }
    return result;
}

}  // namespace

Tensor Lora::merged(const std::string& target, const Tensor& weight) const {
    const Pair& pair = pairs_.at(target);
    const Tensor down = file_->tensor(pair.down).to(DType::F32);
    const Tensor up = file_->tensor(pair.up).to(DType::F32);
    const bool fits = weight.shape().rank() == 2 && down.shape().rank() == 2 &&
                      up.shape() == Shape{weight.extent(0), down.extent(0)} &&
                      down.extent(1) == weight.extent(1) && down.extent(0) > 0;
    check_input(fits, "{}: the LoRA of {} is {} x {}, which does not fit {}", path().string(),
                one_line(target), up.shape().str(), down.shape().str(), weight.shape().str());
    float scale = 1;
    if (!pair.alpha.empty()) {
        const Tensor alpha = file_->tensor(pair.alpha).to(DType::F32);
        check_input(alpha.count() == 1, "{}: {} is not one number", path().string(),
                    one_line(pair.alpha));
        scale = alpha.data<float>()[0] / static_cast<float>(down.extent(0));
    }
    Tensor result(weight.shape(), DType::F32);
    Workspace workspace;
    Linear(transposed(down), {}, DType::F32)(up, result, workspace);
    const Tensor base = weight.to(DType::F32);
    for (int64_t i = 0; i < result.count(); ++i) {
        result.data<float>()[i] = base.data<float>()[i] + scale * result.data<float>()[i];
    }
    return result;
}

}  // namespace longtake::diffusion
