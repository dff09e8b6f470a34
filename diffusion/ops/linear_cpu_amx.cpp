#include "core/error.h"
#include "core/parallel.h"
#include "diffusion/ops/cpu_features.h"
#include "diffusion/ops/linear.h"
#include "diffusion/ops/product_kernel_amx.h"
#include "diffusion/ops/row_kernels.h"

#include <algorithm>
#include <cstring>

namespace longtake::diffusion {
namespace {

// Columns of one call: their weights stay in the second cache level while rows go by.
constexpr int64_t kGroup = 256;

Tensor packed(const Tensor& weight) {
    const int64_t out = weight.extent(0), in = weight.extent(1);
    const Tensor plain = weight.to(DType::BF16);
    Tensor to({out / kAmxColumns, in / kAmxDepth, 2, 16, 16, 2}, DType::BF16);
    const auto* from = plain.data<bf16>();
    auto* next = to.data<bf16>();
    for (int64_t column = 0; column < out; column += kAmxColumns) {
        for (int64_t k = 0; k < in; k += kAmxDepth) {
            for (int64_t half = column; half < column + kAmxColumns; half += 16) {
                for (int64_t pair = k; pair < k + kAmxDepth; pair += 2) {
                    for (int64_t o = half; o < half + 16; ++o) {
                        *next++ = from[o * in + pair];
                        *next++ = from[o * in + pair + 1];
                    }
                }
            }
        }
    }
    return to;
}

class LinearAmx final : public Linear::Backend {
  public:
    LinearAmx(const Tensor& weight, const Tensor& bias)
        : weights_(packed(weight)),
          bias_(bias.empty() ? Tensor::zeros({weight.extent(0)}) : bias.to(DType::F32)) {}

    bool norms() const override { return bias_.count() <= kGroup; }
    int64_t rows_alone() const override {
        constexpr size_t kNear = 1 << 20;  // a share of the second cache level
        return weights_.bytes() <= kNear ? kAmxRows : 0;
    }

    void run(const Tensor& x, Tensor& y, Workspace& workspace,
             const Epilogue& epilogue) const override {
        const int64_t rows = x.extent(0), in = x.extent(1), out = y.extent(1);
        const int64_t blocks = (rows + kAmxRows - 1) / kAmxRows;
        const int64_t groups = (out + kGroup - 1) / kGroup;
        const int64_t room =
            kAmxScratch + kAmxRows * in / 2;  // floats; for rows that end early too
        auto* scratch = static_cast<float*>(
            workspace.scratch(sizeof(float) * static_cast<size_t>(thread_count() * room)));
        const AmxProduct all{
            .x = static_cast<const uint16_t*>(x.raw()),
            .rows = rows,
            .in = in,
            .weights = static_cast<const uint16_t*>(weights_.raw()),
            .bias = bias_.data<float>(),
            .columns = out,
            .y = y.raw(),
            .y_stride = out,
            .to_bf16 = y.dtype() == DType::BF16,
            .gelu = epilogue.kind == Epilogue::Kind::Gelu,
            .add = epilogue.kind == Epilogue::Kind::Add,
            .gate = epilogue.gate == nullptr ? nullptr : epilogue.gate->data<float>(),
            .scratch = scratch};
        parallel_for(groups * blocks, [&](int64_t item) {
            const int64_t column = item / blocks * kGroup, row = item % blocks * kAmxRows;
            AmxProduct part = all;
            part.scratch += omp_get_thread_num() * room;
            part.rows = std::min(kAmxRows, rows - row);
            part.x = whole_tiles(all.x + row * in, part, part.scratch + kAmxScratch);
            part.weights += column * in;
            part.bias += column;
            part.columns = std::min(kGroup, out - column);
            part.y = static_cast<std::byte*>(y.raw()) +
                     static_cast<size_t>(row * out + column) * size_of(y.dtype());
            part.gate = all.gate == nullptr ? nullptr : all.gate + column;
            product_kernel_amx(part);
            if (epilogue.norm.out != nullptr && norms()) {
                norm(y, epilogue.norm, row, part.rows);
            }
        });
    }

  private:
    // Rows that end within a tile are copied, so that nothing is read behind the last one.
    static const uint16_t* whole_tiles(const uint16_t* x, const AmxProduct& part, float* room) {
        if (part.rows % 16 == 0) {
            return x;
        }
        const auto bytes = static_cast<size_t>(part.rows * part.in) * sizeof(uint16_t);
        std::memset(room, 0, static_cast<size_t>(kAmxRows * part.in) * sizeof(uint16_t));
        std::memcpy(room, x, bytes);
        return reinterpret_cast<const uint16_t*>(room);
    }

    static void norm(const Tensor& y, const Epilogue::Norm& by, int64_t begin, int64_t rows) {
        const int64_t d = y.extent(1);
        const DType type = by.out->dtype();
        const auto apply = row_kernels(d).layer_norm[type];
        for (int64_t r = begin; r < begin + rows; ++r) {
            apply(y.data<float>() + r * d, by.gain->data<float>(), by.bias->data<float>(), d,
                  static_cast<float>(by.eps),
                  static_cast<std::byte*>(by.out->raw()) +
                      static_cast<size_t>(r * d) * size_of(type));
        }
    }

    Tensor weights_, bias_;
};

}  // namespace

bool amx_suits(const Tensor& weight) {
    return has_amx_bf16() && weight.extent(0) % kAmxColumns == 0 &&
           weight.extent(1) % kAmxDepth == 0;
}

std::shared_ptr<const Linear::Backend> make_linear_amx(const Tensor& weight, const Tensor& bias) {
    check(amx_suits(weight), "linear: no AMX here, or not for weights {}", weight.shape().str());
    return std::make_shared<LinearAmx>(weight, bias);
}

}  // namespace longtake::diffusion
