#include "diffusion/models/taehv_layers.h"

#include "core/error.h"
#include "diffusion/models/taehv_fold.h"

#include <fmt/format.h>

namespace longtake::diffusion {
namespace {

Tensor fp32(const WeightMap& weights, const std::string& name, const Shape& shape) {
    return weights.get(name, shape).to(DType::F32);
}

}  // namespace

MemoryStack::MemoryStack(const WeightMap& weights, const std::string& prefix, int first,
                         int64_t channels, DType compute, Device device)
    : channels_(channels), compute_(compute), device_(device) {
    for (size_t i = 0; i < kBlocks; ++i) {
        const auto conv = [&](int part, int64_t in, bool residual) {
            const auto name =
                fmt::format("{}{}.conv.{}.", prefix, first + static_cast<int>(i), part);
            Tensor w = fp32(weights, name + "weight", {channels, in, 3, 3});
            w = in == channels ? w : over_two_frames(w);
            return Conv2d(w, weights.get(name + "bias", {channels}),
                          {.residual = residual, .relu = true}, compute, device);
        };
        blocks_[i] = {.mix = conv(0, 2 * channels, false),
                      .middle = conv(2, channels, false),
                      .last = conv(4, channels, true)};
    }
}

double MemoryStack::flops(int64_t frames, int64_t height, int64_t width) const {
    double total = 0;
    for (const Block& block : blocks_) {
        total += block.mix.flops(frames + 1, height, width) +
                 block.middle.flops(frames, height, width) +
                 block.last.flops(frames, height, width);
    }
    return total;
}

MemoryStack::State::State(const MemoryStack& stack, int64_t frames, int64_t height, int64_t width)
    : a_({frames, height, width, stack.channels_}, stack.compute_, stack.device_),
      b_(a_.shape(), stack.compute_, stack.device_),
      output_(a_.shape(), stack.compute_, stack.device_) {
    for (const MemoryStack::Block& block : stack.blocks_) {
        blocks_.push_back(
            {.window = {a_.shape().with(0, 1), 1, frames, stack.compute_, stack.device_},
             .mix = block.mix.plan(frames + 1, height, width),
             .middle = block.middle.plan(frames, height, width),
             .last = block.last.plan(frames, height, width)});
    }
}

void MemoryStack::State::run(Workspace& workspace) {
    const int64_t frames = output_.extent(0);
    for (size_t i = 0; i < kBlocks; ++i) {
        Block& block = blocks_[i];
        const Tensor x = block.window.fresh(frames);
        Tensor y = i + 1 < kBlocks ? blocks_[i + 1].window.fresh(frames) : output_;
        (*block.mix)(block.window.ring(), block.window.first(), nullptr, a_, workspace);
        (*block.middle)(a_, b_, workspace);
        (*block.last)(b_, x, y, workspace);
    }
    for (Block& block : blocks_) {
        block.window.advance();
    }
}

std::vector<FrameWindow*> MemoryStack::State::windows() {
    std::vector<FrameWindow*> windows;
    for (Block& block : blocks_) {
        windows.push_back(&block.window);
    }
    return windows;
}

UpBlock::UpBlock(const WeightMap& weights, const std::string& prefix, int index, int64_t in,
                 int64_t out, int64_t grow, bool relu, DType compute, Device device) {
    const auto name = fmt::format("{}{}.conv.weight", prefix, index);
    Tensor mix = weights.get(name);
    const Shape shape = mix.shape();
    // A file made for more frames than we want holds them first.
    check_input(shape.rank() == 4 && shape[0] >= grow * in && shape == Shape{shape[0], in, 1, 1},
                "tensor {} has shape {}, the model needs [{}, {}, 1, 1]", name, shape.str(),
                grow * in, in);
    mix = mix.slice(shape[0] - grow * in, shape[0]).to(DType::F32).reshape({grow * in, in});
    const Tensor conv =
        fp32(weights, fmt::format("{}{}.weight", prefix, index + 1), {out, in, 3, 3});
    for (int corner = 0; corner < 4; ++corner) {
        const int a = corner / 2, b = corner % 2;
        corners_[corner] = Conv2d(corner_kernel(mix, conv, a, b), {},
                                  {.padding = {1 - a, 1 - b, a, b},
                                   .relu = relu,
                                   .placement = {.step = 2, .row = a, .column = b, .frames = grow}},
                                  compute, device);
    }
}

double UpBlock::flops(int64_t height, int64_t width) const {
    double total = 0;
    for (const Conv2d& corner : corners_) {
        total += corner.flops(1, height, width);
    }
    return total;
}

UpBlock::State::State(const UpBlock& block, int64_t height, int64_t width) {
    for (size_t corner = 0; corner < 4; ++corner) {
        corners_[corner] = block.corners_[corner].plan(1, height, width);
    }
}

void UpBlock::State::run(const Tensor& x, Tensor& y, Workspace& workspace) {
    for (const auto& corner : corners_) {
        (*corner)(x, y, workspace);
    }
}

Conv2d make_down_block(const WeightMap& weights, const std::string& prefix, int index, int64_t in,
                       int64_t out, int64_t shrink, DType compute, Device device) {
    const Tensor mix =
        fp32(weights, fmt::format("{}{}.conv.weight", prefix, index), {in, shrink * in, 1, 1});
    const Tensor conv =
        fp32(weights, fmt::format("{}{}.weight", prefix, index + 1), {out, in, 3, 3});
    return {down_kernel(mix, conv), {}, {.stride = 2, .time_stride = shrink}, compute, device};
}

}  // namespace longtake::diffusion
