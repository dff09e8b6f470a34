#include "diffusion/ops/modulation.h"

#include "core/error.h"

namespace longtake::diffusion {

void modulation(const Tensor& table, const Tensor& e, std::initializer_list<int> gains, Tensor& out,
                GpuStream stream) {
    check(table.shape().rank() == 2 && out.shape() == table.shape() &&
              (e.count() == table.count() || e.count() == table.extent(1)),
          "modulation: {} values on {} into {}", e.count(), table.shape().str(), out.shape().str());
    check(e.device() == table.device() && out.device() == table.device(),
          "modulation: tensors of two devices");
    unsigned bits = 0;
    for (const int row : gains) {
        bits |= 1U << row;
    }
    table.device() == Device::Cpu ? modulation_cpu(table, e, bits, out)
                                  : modulation_cuda(table, e, bits, out, stream);
}

void modulation_cpu(const Tensor& table, const Tensor& e, unsigned gains, Tensor& out) {
    const int64_t d = table.extent(1);
    const float* row = table.data<float>();
    const float* values = e.data<float>();
    for (int64_t i = 0; i < table.count(); ++i) {
        const float gain = (gains >> (i / d) & 1U) != 0 ? 1.F : 0.F;
        out.data<float>()[i] = row[i] + values[i % e.count()] + gain;
    }
}

}  // namespace longtake::diffusion
