#include "core/error.h"
#include "diffusion/models/autoencoder_stream.h"

namespace longtake::diffusion {
namespace {

class Stream : public StagedStream {
  public:
    struct Past : Snapshot {
        explicit Past(WanVaeStream::Snapshot of) : past(std::move(of)) {}
        WanVaeStream::Snapshot past;
    };

    Stream(std::shared_ptr<const WanVaeDecoder> decoder, DType compute, Device device)
        : decoder_(std::move(decoder)), stream_(compute, device) {}

    int64_t frames(int64_t latents) const override { return stream_.frames(latents); }
    void reset() override { stream_.reset(); }
    std::shared_ptr<const Snapshot> snapshot() const override {
        return std::make_shared<Past>(stream_.snapshot());
    }
    void restore(const Snapshot& snapshot) override {
        stream_.restore(dynamic_cast<const Past&>(snapshot).past);
    }

  protected:
    Workspace& workspace() override { return stream_.workspace(); }
    void decode_on_device(const Tensor& latents, Tensor& frames) override {
        decoder_->decode(latents, stream_, frames);
    }

  private:
    std::shared_ptr<const WanVaeDecoder> decoder_;
    WanVaeStream stream_;
};

class Encoder : public StagedEncoder {
  public:
    Encoder(std::shared_ptr<const WanVaeEncoder> encoder, DType compute, Device device)
        : encoder_(std::move(encoder)), stream_(compute, device) {}

  protected:
    Workspace& workspace() override { return stream_.workspace(); }
    void encode_on_device(const Tensor& frames, Tensor& latents) override {
        stream_.reset();
        encoder_->encode(frames, stream_, latents);
    }

  private:
    std::shared_ptr<const WanVaeEncoder> encoder_;
    WanVaeStream stream_;
};

class WanVae : public Autoencoder {
  public:
    WanVae(const WanVaeConfig& config, const WeightMap& weights, DType compute, Device device)
        : compute_(compute),
          device_(device),
          decoder_(std::make_shared<WanVaeDecoder>(config, weights, compute, device)),
          encoder_(std::make_shared<WanVaeEncoder>(config, weights, compute, device)) {}

    int64_t latent_channels() const override { return decoder_->config().latent_channels; }
    std::unique_ptr<DecodeStream> open(int64_t, int64_t) const override {
        return std::make_unique<Stream>(decoder_, compute_, device_);
    }
    bool encodes() const override { return true; }
    std::unique_ptr<ClipEncoder> open_encoder(int64_t, int64_t) const override {
        return std::make_unique<Encoder>(encoder_, compute_, device_);
    }

  private:
    DType compute_;
    Device device_;
    std::shared_ptr<const WanVaeDecoder> decoder_;
    std::shared_ptr<const WanVaeEncoder> encoder_;
};

}  // namespace

std::shared_ptr<const Autoencoder> make_autoencoder(const WanVaeConfig& config,
                                                    const WeightMap& weights, DType compute,
                                                    Device device) {
    check(device != Device::Cpu || compute == DType::F32,
          "the full autoencoder computes in fp32 on the CPU");
    return std::make_shared<WanVae>(config, weights, compute, device);
}

}  // namespace longtake::diffusion
