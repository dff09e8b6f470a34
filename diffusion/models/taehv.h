#pragma once

#include "core/tensor.h"
#include "diffusion/models/latent_grid.h"
#include "diffusion/models/taehv_config.h"
#include "diffusion/models/taehv_layers.h"
#include "diffusion/ops/pixels.h"
#include "diffusion/weights/weight_map.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

// The tiny autoencoder: frames [T, 8 h, 8 w, 3] <-> latents [F, C, h, w]. Latent 0 of a stream is
// frame 0, latent n > 0 is frames 4 n - 3 ... 4 n. A stream runs one latent at a time through the
// same plans, so that it does not matter, to the last bit, how it is cut into calls. Frames and
// latents lie on the device of the model; work on a GPU is queued on the stream of the state.
namespace longtake::diffusion {

// What a stream keeps between its latents; shapes are those of the model and size it came from.
struct TaehvSnapshot {
    int64_t latents = 0;
    std::vector<FrameWindow::Past> past;
};

class TaehvDecoder;

// A stream being decoded: its past and every buffer and plan for its size. Belongs to a session.
class TaehvState {
  public:
    TaehvState(std::shared_ptr<const TaehvDecoder> decoder, int64_t height, int64_t width);

    // How many frames the next `latents` latents become.
    int64_t frames(int64_t latents) const;
    int64_t latents() const { return latents_; }  // decoded or skipped so far
    void skip(int64_t latents) { latents_ += latents; }
    void reset();
    TaehvSnapshot snapshot() const;
    void restore(const TaehvSnapshot& snapshot);
    Workspace& workspace() { return workspace_; }

  private:
    friend class TaehvDecoder;
    std::shared_ptr<const TaehvDecoder> decoder_;
    int64_t latents_ = 0;
    Workspace workspace_;
    std::unique_ptr<Conv2d::Plan> first_, last_;
    std::vector<MemoryStack::State> stacks_;
    std::vector<UpBlock::State> ups_;
    std::vector<FrameWindow*> windows_;  // inside stacks_
    Tensor latent_;                      // [1, h, w, C]
    Tensor fine_;                        // [2, 8 h, 8 w, D3]
    Tensor squares_;                     // [2, 4 h, 4 w, 2 x 2 x 3] fp32
};

// Immutable; sessions share it.
class TaehvDecoder {
  public:
    TaehvDecoder(const TaehvConfig& config, const WeightMap& weights, DType compute,
                 Device device = Device::Cpu);

    // latents [F, C, h, w] fp32 in diffusion space -> frames [state.frames(F), 8 h, 8 w, 3], uint8,
    // or fp32 in [0, 1]. `frames` is made, as uint8, when it is empty.
    void decode(const Tensor& latents, TaehvState& state, Tensor& frames) const;

    const TaehvConfig& config() const { return config_; }
    // How many latents before one have a part in its frames.
    static int64_t reach();
    double flops(int64_t height, int64_t width) const;  // per latent of this size

  private:
    friend class TaehvState;
    void decode_one(const Tensor& latent, TaehvState& state, Tensor& frames, int64_t at) const;

    TaehvConfig config_;
    DType compute_;
    Device device_;
    LatentScale scale_;
    Conv2d first_, last_;
    std::vector<MemoryStack> stacks_;
    std::vector<UpBlock> ups_;
};

class TaehvEncoder;

// A stream being encoded. The first frame stands for the three that latent 0 would have before it.
class TaehvEncoderState {
  public:
    TaehvEncoderState(std::shared_ptr<const TaehvEncoder> encoder, int64_t height, int64_t width);
    void reset();
    Workspace& workspace() { return workspace_; }

  private:
    friend class TaehvEncoder;
    std::shared_ptr<const TaehvEncoder> encoder_;
    int64_t latents_ = 0;
    Workspace workspace_;
    std::unique_ptr<Conv2d::Plan> first_, last_;
    std::vector<std::unique_ptr<Conv2d::Plan>> downs_;
    std::vector<MemoryStack::State> stacks_;
    std::vector<FrameWindow*> windows_;  // inside stacks_
    Tensor pair_;                        // [2, H, W, 3]
    Tensor wide_;                        // [2, H, W, E0]
    Tensor latent_;                      // [1, h, w, C] fp32
};

class TaehvEncoder {
  public:
    TaehvEncoder(const TaehvConfig& config, const WeightMap& weights, DType compute,
                 Device device = Device::Cpu);

    // frames [T, H, W, 3] uint8 -> diffusion-space latents [F, C, H / 8, W / 8] fp32, made when
    // they are empty. T is 4 F, at the start of a stream 4 F - 3. Waits.
    void encode(const Tensor& frames, TaehvEncoderState& state, Tensor& latents) const;
    Tensor encode(const Tensor& frames, TaehvEncoderState& state) const {
        Tensor latents;
        encode(frames, state, latents);
        return latents;
    }

    const TaehvConfig& config() const { return config_; }

  private:
    friend class TaehvEncoderState;

    TaehvConfig config_;
    DType compute_;
    Device device_;
    LatentScale scale_;
    Conv2d first_, last_;
    std::vector<Conv2d> downs_;
    std::vector<MemoryStack> stacks_;
};

}  // namespace longtake::diffusion
