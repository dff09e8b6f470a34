#pragma once

#include "diffusion/ops/conv2d_cuda.h"
#include "diffusion/ops/elements.cuh"

#include <cstdint>

namespace longtake::diffusion {

// Where the kernels of a convolution find x and leave y.
struct ConvSource {
    int ring, first;  // frames; the one that is frame 0
    int height, width, channels;
    int time_taps, row_taps, column_taps;
    int stride, time_stride, top, left;

    __device__ int frame(int t, int tap) const { return (first + t * time_stride + tap) % ring; }
};

struct ConvTarget {
    void* y;
    const void* residual;  // or null
    const float *bias, *gain;
    int frames, height, width, channels;  // of the results
    int step, row, column, parts;         // of their placement
    bool relu;

    // Of channel n of pixel (row v, column u) of frame t.
    __device__ int64_t offset(int t, int v, int u, int n) const {
        const int wide = channels / parts, part = parts == 1 ? 0 : n / wide;
        const int64_t line = int64_t{t * parts + part} * height * step + v * step + row;
        return (line * width * step + u * step + column) * wide + n - part * wide;
    }
};

inline ConvSource source_of(const ConvProblem& p, const ConvArguments& a) {
    const auto number = [](int64_t v) { return static_cast<int>(v); };
    return {.ring = number(a.ring.extent(0)),
            .first = number(a.first),
            .height = number(p.x[1]),
            .width = number(p.x[2]),
            .channels = number(p.x[3]),
            .time_taps = number(p.kernel[2]),
            .row_taps = number(p.kernel[3]),
            .column_taps = number(p.kernel[4]),
            .stride = number(p.options.stride),
            .time_stride = number(p.options.time_stride),
            .top = number(p.options.padding.top),
            .left = number(p.options.padding.left)};
}

inline ConvTarget target_of(const ConvProblem& p, const ConvArguments& a) {
    const auto number = [](int64_t v) { return static_cast<int>(v); };
    const auto& place = p.options.placement;
    return {.y = a.y.raw(),
            .residual = a.residual == nullptr ? nullptr : a.residual->raw(),
            .bias = p.bias.data<float>(),
            .gain = p.options.gain.empty() ? nullptr : p.options.gain.data<float>(),
            .frames = number(p.results[0]),
            .height = number(p.results[1]),
            .width = number(p.results[2]),
            .channels = number(p.results[3]),
            .step = number(place.step),
            .row = number(place.row),
            .column = number(place.column),
            .parts = number(place.frames),
            .relu = p.options.relu};
}

// Bias, residual and ReLU of one value of y.
template <typename In, typename Out>
__device__ void finish(const ConvTarget& target, int t, int v, int u, int n, float sum) {
    const int64_t at = target.offset(t, v, u, n);
    sum += target.bias[n];
    if (target.residual != nullptr) {
        sum += to_float(static_cast<const In*>(target.residual)[at]);
    }
    store(static_cast<Out*>(target.y) + at, target.relu ? fmaxf(sum, 0.F) : sum);
}

}  // namespace longtake::diffusion
