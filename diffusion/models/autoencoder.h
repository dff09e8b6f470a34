#pragma once

#include "core/tensor.h"
#include "diffusion/models/latent_grid.h"
#include "diffusion/models/taehv_config.h"
#include "diffusion/models/wan_vae.h"
#include "diffusion/weights/weight_map.h"

#include <cstdint>
#include <memory>

// What a session needs of an autoencoder, whichever it is: frames [T, 8 h, 8 w, 3] <-> latents
// [F, C, h, w]. Latent 0 of a stream is frame 0, latent n > 0 is frames 4 n - 3 ... 4 n.
namespace longtake::diffusion {

// A stream of latents on its way to pictures: its past and every buffer for its size. Belongs to a
// session. How it is cut into calls does not matter, to the last bit.
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
    // latents [F, C, h, w] fp32 in diffusion space -> frames [frames(F), 8 h, 8 w, 3] uint8.
    virtual void decode(const Tensor& latents, Tensor& frames) = 0;
    virtual void reset() = 0;
    virtual std::shared_ptr<const Snapshot> snapshot() const = 0;
    virtual void restore(const Snapshot& snapshot) = 0;
};

// Immutable; sessions share it.
class Autoencoder {
  public:
    virtual ~Autoencoder() = default;
    virtual int64_t latent_channels() const = 0;
    // For latents of this size.
    virtual std::unique_ptr<DecodeStream> open(int64_t height, int64_t width) const = 0;
    virtual bool encodes() const = 0;
    // picture [1, 8 h, 8 w, 3] uint8 -> the latent [1, C, h, w] of a stream that begins with it.
    virtual Tensor encode(const Tensor& picture) const = 0;
};

// The tiny one computes in `compute`, the full one in fp32.
std::shared_ptr<const Autoencoder> make_autoencoder(const TaehvConfig& config,
                                                    const WeightMap& weights, DType compute);
std::shared_ptr<const Autoencoder> make_autoencoder(const WanVaeConfig& config,
                                                    const WeightMap& weights);

}  // namespace longtake::diffusion
