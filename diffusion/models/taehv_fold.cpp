#include "diffusion/models/taehv_fold.h"

#include "core/parallel.h"

#include <cstring>
#include <vector>

namespace longtake::diffusion {
namespace {

constexpr int64_t kTaps = 9;

}  // namespace

Tensor over_two_frames(const Tensor& kernel) {
    const int64_t out = kernel.extent(0), n = kernel.extent(1) / 2;
    Tensor result({out, n, 2, 3, 3}, DType::F32);
    for (int64_t o = 0; o < out; ++o) {
        for (int64_t c = 0; c < 2 * n; ++c) {
            const int64_t frame = c < n ? 1 : 0;
            std::memcpy(result.data<float>() + ((o * n + c % n) * 2 + frame) * kTaps,
                        kernel.data<float>() + (o * 2 * n + c) * kTaps, kTaps * sizeof(float));
        }
    }
    return result;
}

Tensor corner_kernel(const Tensor& pointwise, const Tensor& conv, int a, int b) {
    const int64_t in = pointwise.extent(1), g = pointwise.extent(0) / in, out = conv.extent(0);
    Tensor result({g * out, in, 2, 2}, DType::F32);
    parallel_for(g * out, [&](int64_t row) {
        std::vector<double> sums(static_cast<size_t>(4 * in));  // [2, 2, in]
        const float* taps = conv.data<float>() + row % out * in * kTaps;
        for (int64_t m = 0; m < in; ++m) {
            const float* mixed = pointwise.data<float>() + (row / out * in + m) * in;
            for (int64_t tap = 0; tap < kTaps; ++tap) {
                const int64_t ky = (a + tap / 3 + 1) / 2 - a, kx = (b + tap % 3 + 1) / 2 - b;
                const double factor = taps[m * kTaps + tap];
                for (int64_t i = 0; i < in; ++i) {
                    sums[(ky * 2 + kx) * in + i] += factor * mixed[i];
                }
            }
        }
        for (int64_t i = 0; i < 4 * in; ++i) {
            result.data<float>()[row * 4 * in + i] = static_cast<float>(sums[i % 4 * in + i / 4]);
        }
    });
    return result;
}

Tensor square_kernel(const Tensor& conv) {
    const int64_t out = conv.extent(0), in = conv.extent(1);
    Tensor result = Tensor::zeros({4 * out, in, 4, 4});
    for (int64_t i = 0; i < 4 * out * in * kTaps; ++i) {
        const int64_t tap = i % kTaps, m = i / kTaps % in, row = i / (kTaps * in);
        const int64_t pixel = row / out, y = pixel / 2 + tap / 3, x = pixel % 2 + tap % 3;
        result.data<float>()[(row * in + m) * 16 + y * 4 + x] =
            conv.data<float>()[(row % out * in + m) * kTaps + tap];
    }
    return result;
}

Tensor down_kernel(const Tensor& pointwise, const Tensor& conv) {
    const int64_t out = conv.extent(0), in = conv.extent(1), frames = pointwise.extent(1) / in;
    Tensor result({out, in, frames, 3, 3}, DType::F32);
    parallel_for(out * in * frames, [&](int64_t i) {
        const int64_t o = i / (in * frames), c = i / frames % in, frame = i % frames;
        for (int64_t tap = 0; tap < kTaps; ++tap) {
            double sum = 0;
            for (int64_t m = 0; m < in; ++m) {
                sum += static_cast<double>(conv.data<float>()[(o * in + m) * kTaps + tap]) *
                       pointwise.data<float>()[m * frames * in + frame * in + c];
            }
            result.data<float>()[i * kTaps + tap] = static_cast<float>(sum);
        }
    });
    return result;
}

}  // namespace longtake::diffusion
