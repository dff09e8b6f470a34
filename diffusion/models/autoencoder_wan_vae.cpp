#include "core/error.h"
#include "core/parallel.h"
#include "diffusion/models/autoencoder.h"

#include <algorithm>

namespace longtake::diffusion {
namespace {

void to_bytes(const Tensor& from, Tensor& to) {
    check(from.shape() == to.shape(), "{} frames into {}", from.shape().str(), to.shape().str());
    const float* source = from.data<float>();
    uint8_t* target = to.data<uint8_t>();
    parallel_for(from.extent(0) * from.extent(1), [&](int64_t row) {
        const int64_t length = from.extent(2) * 3;
        for (int64_t i = row * length; i < (row + 1) * length; ++i) {
            target[i] = static_cast<uint8_t>(std::clamp(source[i], 0.F, 1.F) * 255.F + 0.5F);
        }
    });
}

class Stream : public DecodeStream {
  public:
    struct Past : Snapshot {
        explicit Past(WanVaeStream::Snapshot of) : past(std::move(of)) {}
        WanVaeStream::Snapshot past;
    };

    explicit Stream(std::shared_ptr<const WanVaeDecoder> decoder) : decoder_(std::move(decoder)) {}

    int64_t frames(int64_t latents) const override {
        return kLatentFrames * latents - (stream_.latents() == 0 ? kLatentFrames - 1 : 0);
    }
    void decode(const Tensor& latents, Tensor& frames) override {
        to_bytes(decoder_->decode(latents, stream_), frames);
    }
    void reset() override { stream_.reset(); }
    std::shared_ptr<const Snapshot> snapshot() const override {
        return std::make_shared<Past>(stream_.snapshot());
    }
    void restore(const Snapshot& snapshot) override {
        stream_.restore(dynamic_cast<const Past&>(snapshot).past);
    }

  private:
    std::shared_ptr<const WanVaeDecoder> decoder_;
    WanVaeStream stream_;
};

class WanVae : public Autoencoder {
  public:
    WanVae(const WanVaeConfig& config, const WeightMap& weights)
        : decoder_(std::make_shared<WanVaeDecoder>(config, weights)), encoder_(config, weights) {}

    int64_t latent_channels() const override { return decoder_->config().latent_channels; }
    std::unique_ptr<DecodeStream> open(int64_t, int64_t) const override {
        return std::make_unique<Stream>(decoder_);
    }
    bool encodes() const override { return true; }
    Tensor encode(const Tensor& picture) const override {
        WanVaeStream stream;
        return encoder_.encode(picture, stream);
    }

  private:
    std::shared_ptr<const WanVaeDecoder> decoder_;
    WanVaeEncoder encoder_;
};

}  // namespace

std::shared_ptr<const Autoencoder> make_autoencoder(const WanVaeConfig& config,
                                                    const WeightMap& weights) {
    return std::make_shared<WanVae>(config, weights);
}

}  // namespace longtake::diffusion
