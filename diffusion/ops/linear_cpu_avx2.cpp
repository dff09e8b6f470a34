#include "core/parallel.h"
#include "diffusion/ops/linear.h"
#include "diffusion/ops/panels.h"

#include <algorithm>

namespace longtake::diffusion {
namespace {

constexpr int64_t kBlockRows = 72;  // of x, small enough to stay in the second cache level

class LinearAvx2 final : public Linear::Backend {
  public:
    LinearAvx2(const Tensor& weight, const Tensor& bias) : panels_(weight, bias) {}

    void run(const Tensor& x, Tensor& y, Workspace&, const Epilogue& epilogue) const override {
        const int64_t rows = x.extent(0), in = x.extent(1), out = y.extent(1);
        const int64_t blocks = (rows + kBlockRows - 1) / kBlockRows;
        const float* from = x.data<float>();
        float* to = y.data<float>();
        PanelTile tile{.x_stride = in, .run = in, .y_stride = out};
        tile.gelu = epilogue.kind == Epilogue::Kind::Gelu;
        tile.gate = epilogue.gate == nullptr ? nullptr : epilogue.gate->data<float>();
        const bool add = epilogue.kind == Epilogue::Kind::Add;
        parallel_for(blocks * panels_.count(), [=, this](int64_t item) {
            const int64_t row = item / panels_.count() * kBlockRows;
            PanelTile block = tile;
            block.x = from + row * in;
            block.rows = std::min(kBlockRows, rows - row);
            block.y = to + row * out;
            block.addend = add ? block.y : nullptr;
            panels_.multiply(item % panels_.count(), block);
        });
    }

  private:
    Panels panels_;
};

}  // namespace

std::shared_ptr<const Linear::Backend> make_linear_avx2(const Tensor& weight, const Tensor& bias) {
    return std::make_shared<LinearAvx2>(weight, bias);
}

}  // namespace longtake::diffusion
