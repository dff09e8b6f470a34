#pragma once

#include "core/tensor.h"
#include "diffusion/models/latent_grid.h"
#include "diffusion/models/taehv_config.h"
#include "diffusion/models/wan_vae.h"
#include "diffusion/weights/weight_map.h"

#include <cstdint>
#include <memory>
#include <optional>

// What a session needs of an autoencoder, whichever it is: frames [T, 8 h, 8 w, 3] <-> latents
// [F, C, h, w]. Latent 0 of a stream is frame 0, latent n > 0 is frames 4 n - 3 ... 4 n.
namespace longtake::diffusion {

// A stream of latents on its way to pictures: its past and every buffer for its size. Belongs to a
// session. How it is cut into calls does not matter, to the last bit. On a GPU it has a stream of
// its own, and once it has seen a size it allocates nothing for that any more.
class DecodeStream {
  public:
    // What it keeps between its latents; means something only to streams of its kind and size.
    class Snapshot {
      public:
        virtual ~Snapshot() = default;
    };

    virtual ~DecodeStream() = default;
    // How many frames the next `latents` latents become.
    virtual int64_t frames(int64_t latents) const = 0;
    // latents [F, C, h, w] fp32 in diffusion space, in host memory or the device's own, complete ->
    // frames [frames(F), 8 h, 8 w, 3] uint8 in host memory.
    void decode(const Tensor& latents, Tensor& frames) {
        begin(latents);
        end(frames);
    }
    // The same in two parts: `begin` queues the work and returns, `end` waits and hands over. The
    // latents must stay as they are until then.
    virtual void begin(const Tensor& latents) = 0;
    virtual void end(Tensor& frames) = 0;
    // The frames that `end` handed over, where they were made, until the next `begin`; empty where
    // that is host memory.
    virtual Tensor on_device() const = 0;
    // What is queued on `other` from here on runs when all that was begun is done and sent home.
    virtual void precede(GpuStream other) = 0;
    // These latents are not decoded. Those after them become what they would have become once as
    // many as the autoencoder's reach have been; without a reach there is nothing to skip.
    virtual void skip(int64_t latents);
    virtual void reset() = 0;
    virtual std::shared_ptr<const Snapshot> snapshot() const = 0;
    virtual void restore(const Snapshot& snapshot) = 0;
};

// Encodes clips, each the beginning of a stream, with buffers for their size that it keeps. Belongs
// to a session.
class ClipEncoder {
  public:
    virtual ~ClipEncoder() = default;
    // The first 4 F - 3 frames [4 F - 3, 8 h, 8 w, 3] uint8 of a stream, in host memory -> its
    // latents [F, C, h, w] fp32 in the device's own, made when they are empty, complete. Once it
    // has seen a size it allocates nothing for that any more.
    virtual void encode(const Tensor& frames, Tensor& latents) = 0;
};

// Immutable; sessions share it.
class Autoencoder {
  public:
    virtual ~Autoencoder() = default;
    virtual int64_t latent_channels() const = 0;
    // How many latents before one have a part in its frames; none: all of them.
    virtual std::optional<int64_t> reach() const { return std::nullopt; }
    // For latents of this size.
    virtual std::unique_ptr<DecodeStream> open(int64_t height, int64_t width) const = 0;
    virtual bool encodes() const = 0;
    // For frames of this size.
    virtual std::unique_ptr<ClipEncoder> open_encoder(int64_t height, int64_t width) const = 0;
    // One clip, by an encoder of its own, into host memory.
    Tensor encode(const Tensor& frames) const {
        Tensor latents;
        open_encoder(frames.extent(1), frames.extent(2))->encode(frames, latents);
        return latents.to(Device::Cpu);
    }
};

// In `compute`; on the CPU the full one is for fp32 only.
std::shared_ptr<const Autoencoder> make_autoencoder(const TaehvConfig& config,
                                                    const WeightMap& weights, DType compute,
                                                    Device device = Device::Cpu);
std::shared_ptr<const Autoencoder> make_autoencoder(const WanVaeConfig& config,
                                                    const WeightMap& weights,
                                                    DType compute = DType::F32,
                                                    Device device = Device::Cpu);

}  // namespace longtake::diffusion
