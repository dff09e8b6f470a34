#pragma once

#include "diffusion/models/autoencoder.h"
#include "diffusion/ops/frame_staging.h"

namespace longtake::diffusion {

// What the streams of all autoencoders do alike: on the CPU a chunk is decoded when it is wanted,
// on a GPU when it comes, and every latent's frames leave for the host while the next are made.
class StagedStream : public DecodeStream {
  public:
    void begin(const Tensor& latents) final;
    void end(Tensor& frames) final;
    Tensor on_device() const final { return made_; }
    void precede(GpuStream other) final;

  protected:
    // The workspace outlives every call.
    virtual Workspace& workspace() = 0;
    // Of the stream's own device; queued.
    virtual void decode_on_device(const Tensor& latents, Tensor& frames) = 0;

  private:
    std::unique_ptr<FrameStaging> staging_;  // of a GPU
    Tensor latents_;                         // begun, on the CPU
    Tensor made_;                            // frames, on a GPU
};

// What the encoders of all autoencoders do alike: frames go to the device, into memory that stays.
class StagedEncoder : public ClipEncoder {
  public:
    void encode(const Tensor& frames, Tensor& latents) final;

  protected:
    virtual Workspace& workspace() = 0;
    // Of a stream that begins; waits.
    virtual void encode_on_device(const Tensor& frames, Tensor& latents) = 0;

  private:
    Tensor frames_;  // of a GPU
};

}  // namespace longtake::diffusion
