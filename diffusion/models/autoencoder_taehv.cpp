#include "core/error.h"
#include "diffusion/models/autoencoder_stream.h"
#include "diffusion/models/taehv.h"

namespace longtake::diffusion {
namespace {

class Stream : public StagedStream {
  public:
    struct Past : Snapshot {
        explicit Past(TaehvSnapshot of) : past(std::move(of)) {}
        TaehvSnapshot past;
    };

    Stream(std::shared_ptr<const TaehvDecoder> decoder, int64_t height, int64_t width)
        : decoder_(std::move(decoder)), state_(decoder_, height, width) {}

    int64_t frames(int64_t latents) const override { return state_.frames(latents); }
    void skip(int64_t latents) override { state_.skip(latents); }
    void reset() override { state_.reset(); }
    std::shared_ptr<const Snapshot> snapshot() const override {
        return std::make_shared<Past>(state_.snapshot());
    }
    void restore(const Snapshot& snapshot) override {
        state_.restore(dynamic_cast<const Past&>(snapshot).past);
    }

  protected:
    Workspace& workspace() override { return state_.workspace(); }
    void decode_on_device(const Tensor& latents, Tensor& frames) override {
        decoder_->decode(latents, state_, frames);
    }

  private:
    std::shared_ptr<const TaehvDecoder> decoder_;
    TaehvState state_;
};

class Encoder : public StagedEncoder {
  public:
    Encoder(std::shared_ptr<const TaehvEncoder> encoder, int64_t height, int64_t width)
        : encoder_(std::move(encoder)), state_(encoder_, height, width) {}

  protected:
    Workspace& workspace() override { return state_.workspace(); }
    void encode_on_device(const Tensor& frames, Tensor& latents) override {
        state_.reset();
        encoder_->encode(frames, state_, latents);
    }

  private:
    std::shared_ptr<const TaehvEncoder> encoder_;
    TaehvEncoderState state_;
};

class Taehv : public Autoencoder {
  public:
    Taehv(const TaehvConfig& config, const WeightMap& weights, DType compute, Device device)
        : decoder_(std::make_shared<TaehvDecoder>(config, weights, compute, device)) {
        if (weights.contains("encoder.0.weight")) {
            encoder_ = std::make_shared<TaehvEncoder>(config, weights, compute, device);
        }
    }

    int64_t latent_channels() const override { return decoder_->config().latent_channels; }
    std::optional<int64_t> reach() const override { return TaehvDecoder::reach(); }
    std::unique_ptr<DecodeStream> open(int64_t height, int64_t width) const override {
        return std::make_unique<Stream>(decoder_, height, width);
    }
    bool encodes() const override { return encoder_ != nullptr; }
    std::unique_ptr<ClipEncoder> open_encoder(int64_t height, int64_t width) const override {
        check(encodes(), "an autoencoder without an encoder");
        return std::make_unique<Encoder>(encoder_, height, width);
    }

  private:
    std::shared_ptr<const TaehvDecoder> decoder_;
    std::shared_ptr<const TaehvEncoder> encoder_;
};

}  // namespace

std::shared_ptr<const Autoencoder> make_autoencoder(const TaehvConfig& config,
                                                    const WeightMap& weights, DType compute,
                                                    Device device) {
    return std::make_shared<Taehv>(config, weights, compute, device);
}

}  // namespace longtake::diffusion
