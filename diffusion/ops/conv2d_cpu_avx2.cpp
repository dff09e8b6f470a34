#include "core/parallel.h"
#include "diffusion/ops/conv2d.h"
#include "diffusion/ops/panels.h"

#include <algorithm>

namespace longtake::diffusion {
namespace {

// [out, in, kt, kh, kw] to a matrix [out, kt kh kw in], in the order in which pixels lie.
Tensor pixels_first(const Tensor& weight) {
    const Tensor from = weight.to(DType::F32);
    const int64_t out = from.extent(0), in = from.extent(1), taps = from.count() / (out * in);
    Tensor to({out, taps * in}, DType::F32);
    for (int64_t row = 0; row < out * in; ++row) {
        for (int64_t tap = 0; tap < taps; ++tap) {
            to.data<float>()[(row / in * taps + tap) * in + row % in] =
                from.data<float>()[row * taps + tap];
        }
    }
    return to;
}

struct Kernel {
    int64_t in, frames, height, width;
    Panels panels;
};

// A row of the result is a matrix product: for every pixel, the pixels under the kernel, which are
// one run of values per row of the kernel. The rows it needs are copied with their padding first,
// 3% of the work.
class PlanAvx2 final : public Conv2d::Plan {
  public:
    PlanAvx2(const Shape& x, const Shape& y, const ConvOptions& options,
             std::shared_ptr<const Kernel> kernel)
        : Plan(x, y, DType::F32, options), options_(options), kernel_(std::move(kernel)) {}

  protected:
    void run(const Tensor& x, const Tensor* residual, Tensor& y, Workspace& workspace) override {
        const Kernel& k = *kernel_;
        const int64_t height = y.extent(1), width = y.extent(2), out = y.extent(3);
        const int64_t line = ((width - 1) * options_.stride + k.width) * k.in;
        const int64_t lines = k.frames * k.height;
        auto* scratch = static_cast<float*>(
            workspace.scratch(sizeof(float) * static_cast<size_t>(thread_count() * lines * line)));
        parallel_for(y.extent(0) * height, [&, scratch](int64_t row) {
            float* rows = scratch + omp_get_thread_num() * lines * line;  // [lines, line]
            for (int64_t i = 0; i < lines; ++i) {
                const int64_t t = row / height * options_.time_stride + i / k.height;
                const int64_t r = row % height * options_.stride + i % k.height;
                copy_line(x, t, r - options_.padding.top, {rows + i * line, rows + (i + 1) * line});
            }
            PanelTile tile{.x = rows,
                           .rows = width,
                           .x_stride = options_.stride * k.in,
                           .runs = lines,
                           .run = k.width * k.in,
                           .run_stride = line,
                           .y = y.data<float>() + row * width * out,
                           .y_stride = out,
                           .relu = options_.relu};
            tile.addend =
                residual == nullptr ? nullptr : residual->data<float>() + row * width * out;
            for (int64_t p = 0; p < k.panels.count(); ++p) {
                k.panels.multiply(p, tile);
            }
        });
    }

  private:
    // Row r of frame t, or zeros where there is none, with the padding on both sides.
    void copy_line(const Tensor& x, int64_t t, int64_t r, std::span<float> to) const {
        const int64_t height = x.extent(1), length = x.extent(2) * x.extent(3);
        const bool inside = 0 <= r && r < height;
        const int64_t before = options_.padding.left * x.extent(3);
        const int64_t count =
            inside ? std::min(length, static_cast<int64_t>(to.size()) - before) : 0;
        const float* from = x.data<float>() + (t * height + (inside ? r : 0)) * length;
        std::fill_n(to.begin(), before, 0.F);
        std::copy_n(from, count, to.begin() + before);
        std::fill(to.begin() + before + count, to.end(), 0.F);
    }

    ConvOptions options_;
    std::shared_ptr<const Kernel> kernel_;
};

class ConvAvx2 final : public Conv2d::Backend {
  public:
    ConvAvx2(const Tensor& weight, const Tensor& bias, const ConvOptions& options)
        : options_(options) {
        const Shape& w = weight.shape();
        const bool over_time = w.rank() == 5;
        kernel_ = std::make_shared<const Kernel>(Kernel{.in = w[1],
                                                        .frames = over_time ? w[2] : 1,
                                                        .height = w[w.rank() - 2],
                                                        .width = w.back(),
                                                        .panels = {pixels_first(weight), bias}});
    }

    std::unique_ptr<Conv2d::Plan> plan(const Shape& x, const Shape& y) const override {
        return std::make_unique<PlanAvx2>(x, y, options_, kernel_);
    }

  private:
    ConvOptions options_;
    std::shared_ptr<const Kernel> kernel_;
};

}  // namespace

std::shared_ptr<const Conv2d::Backend> make_conv2d_avx2(const Tensor& weight, const Tensor& bias,
                                                        const ConvOptions& options) {
    return std::make_shared<ConvAvx2>(weight, bias, options);
}

}  // namespace longtake::diffusion
