#pragma once

#include "core/tensor.h"
#include "diffusion/models/frame_window.h"
#include "diffusion/ops/conv2d.h"
#include "diffusion/weights/weight_map.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

// The building blocks of a TAEHV autoencoder: immutable weights, and per session a State that is
// built for one size. Frames are [T, H, W, C] of the compute type.
namespace longtake::diffusion {

// Three residual blocks that each also see their own input of the previous time step:
//   y = relu(conv(relu(conv(relu(conv(x and past))))) + x)
class MemoryStack {
  public:
    // Reads `prefix`i.conv.{0,2,4} for i = first ... first + 2.
    MemoryStack(const WeightMap& weights, const std::string& prefix, int first, int64_t channels,
                DType compute, Device device);

    double flops(int64_t frames, int64_t height, int64_t width) const;
    class State;
    static constexpr size_t kBlocks = 3;

  private:
    struct Block {
        Conv2d mix;  // over (past, x): a kernel of two frames
        Conv2d middle, last;
    };
    int64_t channels_;
    DType compute_;
    Device device_;
    std::array<Block, kBlocks> blocks_;
};

class MemoryStack::State {
  public:
    State(const MemoryStack& stack, int64_t frames, int64_t height, int64_t width);

    Tensor input() { return blocks_[0].window.fresh(output_.extent(0)); }
    const Tensor& output() const { return output_; }
    void run(Workspace& workspace);

    // What is kept from one run to the next: the last frame of every block's input.
    std::vector<FrameWindow*> windows();

  private:
    struct Block {
        FrameWindow window;  // of the past frame and x
        std::unique_ptr<Conv2d::Plan> mix, middle, last;
    };
    std::vector<Block> blocks_;
    Tensor a_, b_, output_;
};

// Makes `grow` frames of twice the height and width out of one:
//   nearest x2, pointwise [in -> grow * in] split into frames, conv3x3 [in -> out]
// Nothing nonlinear stands between them, so they run as four 2x2 convolutions, one per pixel of
// each 2x2 square, on the small frame.
class UpBlock {
  public:
    // Reads `prefix`i.conv.weight [>= grow * in, in, 1, 1] and `prefix`{i+1}.weight.
    UpBlock(const WeightMap& weights, const std::string& prefix, int index, int64_t in, int64_t out,
            int64_t grow, bool relu, DType compute, Device device);

    double flops(int64_t height, int64_t width) const;  // for one frame
    class State;

  private:
    std::array<Conv2d, 4> corners_;  // top left, top right, bottom left, bottom right
};

class UpBlock::State {
  public:
    State(const UpBlock& block, int64_t height, int64_t width);

    // x [1, H, W, in], y [grow, 2 H, 2 W, out].
    void run(const Tensor& x, Tensor& y, Workspace& workspace);

  private:
    std::array<std::unique_ptr<Conv2d::Plan>, 4> corners_;
};

// Makes one frame of half the height and width out of `shrink` frames:
//   pointwise over the frames' channels [shrink * in -> in], conv3x3 stride 2 [in -> out]
// in one convolution. Reads `prefix`i.conv.weight and `prefix`{i+1}.weight.
Conv2d make_down_block(const WeightMap& weights, const std::string& prefix, int index, int64_t in,
                       int64_t out, int64_t shrink, DType compute, Device device);

}  // namespace longtake::diffusion
